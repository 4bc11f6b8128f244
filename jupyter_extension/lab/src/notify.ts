/**
 * A browser's own notification for a tab in the background. The browser asks its
 * question only when the user clicks for it.
 */
import { TranslationBundle } from '@jupyterlab/translation';

import { newsOf, Phase } from './phases';

const WANTED = 'session-migrator:notify';
/** The phases worth a call to a tab that nobody looks at. */
const WORTH: readonly Phase['kind'][] = ['notice', 'limit', 'losses', 'resting', 'out', 'reload'];

export type Wish = 'off' | 'on' | 'denied' | 'impossible';

export class Notifier {
  constructor(private readonly trans: TranslationBundle) {}

  /** Whether the user wants to be called, and the browser lets us. */
  get wish(): Wish {
    if (!('Notification' in window)) {
      return 'impossible';
    }
    if (Notification.permission === 'denied') {
      return 'denied';
    }
    return Notification.permission === 'granted' && localStorage.getItem(WANTED) === 'yes' ? 'on' : 'off';
  }

  /** The user clicked: the browser may ask its question now. */
  async turn(on: boolean): Promise<void> {
    localStorage.setItem(WANTED, on ? 'yes' : 'no');
    if (on && Notification.permission === 'default') {
      await Notification.requestPermission();
    }
  }

  /** Call the user if there is news and the tab is in the background. A newer call replaces the one before. */
  tell(phase: Phase, text: string): void {
    const news = newsOf(phase);
    const known = news === this._news;
    this._news = news;
    if (known || !document.hidden || !WORTH.includes(phase.kind) || this.wish !== 'on') {
      return;
    }
    const call = new Notification(this.trans.__('Jupyter session'), { body: text, tag: 'session-migrator' });
    call.onclick = () => {
      window.focus();
      call.close();
    };
  }

  private _news = '';
}
