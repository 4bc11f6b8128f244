/**
 * A tab in the background has only its title and its icon to say that the session moves soon.
 */
import { Phase } from './phases';

/** The few characters put before the title; empty when there is nothing to say. */
export function mark(phase: Phase): string {
  switch (phase.kind) {
    case 'notice':
      return phase.seconds === null ? '(!) ' : `(${countdown(phase.seconds)}) `;
    case 'limit':
      return `(${countdown(phase.seconds)}) `;
    case 'freezing':
    case 'held':
    case 'away':
    case 'restoring':
    case 'resuming':
      return '(…) ';
    case 'losses':
    case 'resting':
    case 'out':
    case 'reload':
      return '(!) ';
    default:
      return '';
  }
}

function countdown(seconds: number): string {
  return seconds < 60 ? `${Math.round(seconds)}s` : `${Math.floor(seconds / 60)}m`;
}

const ICON =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#f37726"/>' +
      '<path d="M8 4v5l3 2" stroke="#fff" stroke-width="1.6" fill="none" stroke-linecap="round"/></svg>'
  );

export class TabTitle {
  /** Show a phase in the tab while it is hidden; put title and icon back when it is not, or when all is well. */
  show(phase: Phase): void {
    const prefix = document.hidden ? mark(phase) : '';
    const bare = this._prefix && document.title.startsWith(this._prefix) ? this.bare() : document.title;
    if (prefix !== this._prefix || document.title !== prefix + bare) {
      document.title = prefix + bare;
    }
    this._prefix = prefix;
    if (Boolean(prefix) !== this._icon.isConnected) {
      this.toggleIcon(Boolean(prefix));
    }
  }

  private bare(): string {
    return document.title.slice(this._prefix.length);
  }

  /** The last icon of a page wins, so the page's own stays where it is. */
  private toggleIcon(on: boolean): void {
    if (on) {
      this._icon.rel = 'icon';
      this._icon.href = ICON;
      document.head.append(this._icon);
    } else {
      this._icon.remove();
    }
  }

  private _prefix = '';
  private readonly _icon = document.createElement('link');
}
