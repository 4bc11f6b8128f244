/**
 * What the user can have beyond this server, where the hub offers it: a copy of the session, a machine of another kind.
 */
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import { button, element, link } from './elements';
import { Session } from './session';
import { Copy } from './wire';
import { ServerWiring } from './wiring';

const LOOK_MS = 1000;

const said = (reason: unknown): string => (reason instanceof Error ? reason.message : String(reason));

/**
 * Where another server shows what this page shows at `path`, which begins with `base`. Lab's address often does
 * not name the document in front, so that it is given; or empty.
 */
export function samePlace(server: string, base: string, path: string, document: string): string {
  const url = new URL(server);
  const rest = path.startsWith(base) ? path.slice(base.length) : '';
  const inLab = rest.startsWith('lab') || rest.startsWith('doc');
  url.pathname += inLab && document ? `lab/tree/${URLExt.encodeParts(document)}` : rest;
  return url.href;
}

export class Offers {
  constructor(
    private readonly session: Session,
    private readonly server: ServerWiring,
    private readonly front: () => string,
    private readonly trans: TranslationBundle
  ) {}

  /** Called when what it shows has changed. */
  onChange: (() => void) | null = null;

  /** A button that makes a copy, how far that is, and the way there. */
  copies(): HTMLElement[] {
    const { trans, _copy: copy } = this;
    if (!this.session.facts.offers.copies) {
      return [];
    }
    const text = trans.__('A second session that begins as this one is now. Neither changes the other.');
    const open = button(trans.__('Open a copy'), 'sm-Panel-copy', () => void this.make());
    const working = copy !== null && copy.state !== 'ready' && copy.state !== 'failed';
    open.disabled = !this.session.serving || working;
    return [element('p', '', text), element('p', 'sm-Row', open), ...(copy ? [this.progress(copy)] : [])];
  }

  /** The kind of machine, and the others that there are. */
  machines(): HTMLElement[] {
    const { trans } = this;
    const { profiles, profile } = this.session.facts.offers;
    const others = profiles.filter(each => each.name !== profile);
    if (others.length === 0) {
      return [];
    }
    const now = profiles.find(each => each.name === profile);
    const text = trans.__('The session moves with all that it holds. Running cells pause for a moment.');
    const here = now ? [element('p', '', trans.__('It is on: %1.', now.title))] : [];
    const buttons = others.map(({ name, title }) => {
      const move = button(trans.__('Move to: %1', title), 'sm-Panel-move', () => void this.move(name));
      move.disabled = !this.session.serving || this._asked || this.isLeaving();
      return move;
    });
    const trouble = this._refused ? [element('p', 'sm-Trouble', this._refused)] : [];
    return [...here, element('p', '', text), element('p', 'sm-Row', ...buttons), ...trouble];
  }

  /** Whether this machine goes anyway; one whose memory runs short is a reason to ask for another. */
  private isLeaving(): boolean {
    const { notice } = this.session.facts;
    return notice !== null && notice.cause !== 'memory';
  }

  private progress({ state, url, reason }: Copy): HTMLElement {
    const { trans } = this;
    if (state === 'ready') {
      return element('p', '', link(trans.__('Go to the copy'), 'sm-Panel-copied', url));
    }
    const text =
      state === 'failed'
        ? trans.__('There is no copy: %1', reason)
        : state === 'copying'
          ? trans.__('The copy is being made.')
          : reason
            ? trans.__('The copy waits for a machine: %1', reason)
            : trans.__('The machine of the copy is starting.');
    const line = element('p', state === 'failed' ? 'sm-Trouble' : '', text);
    line.setAttribute('role', 'status');
    return line;
  }

  private async make(): Promise<void> {
    this.show({ state: 'copying', url: '', reason: '' });
    try {
      const name = await this.server.copy();
      while (this._copy?.state !== 'ready' && this._copy?.state !== 'failed') {
        await new Promise(resolve => setTimeout(resolve, LOOK_MS));
        await this.session.ready();
        const copy = await this.server.copyState(name);
        this.show({ ...copy, url: copy.url && this.here(copy.url) });
      }
    } catch (reason) {
      this.show({ state: 'failed', url: '', reason: said(reason) });
    }
    if (this._copy?.state === 'ready') {
      window.open(this._copy.url, '_blank', 'noopener'); // a browser that does not let us leaves the link
    }
  }

  private here(server: string): string {
    const base = new URL(PageConfig.getBaseUrl(), location.href).pathname;
    return samePlace(server, base, location.pathname, this.front());
  }

  private async move(profile: string): Promise<void> {
    this._asked = true;
    this._refused = '';
    this.onChange?.();
    try {
      await this.server.move(profile);
    } catch (reason) {
      this._refused = said(reason);
    }
    this._asked = false;
    this.onChange?.();
  }

  private show(copy: Copy): void {
    this._copy = copy;
    this.onChange?.();
  }

  private _copy: Copy | null = null;
  private _asked = false;
  private _refused = '';
}
