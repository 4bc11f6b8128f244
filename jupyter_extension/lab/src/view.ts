/**
 * Keeps what is on screen in step with the session: once a second while something changes, else not at all.
 */
import { TranslationBundle } from '@jupyterlab/translation';

import { Action, Banner } from './banner';
import { Notifier } from './notify';
import { Phase, phaseOf, reportId } from './phases';
import { Session } from './session';
import { TabTitle } from './title';
import { wordsOf } from './words';

/** What the banner's buttons do. */
export interface Deeds {
  showReport(): void;
  here(): void;
  reload(): void;
  resume(): void;
  logIn(): void;
}

const PUT_AWAY = 'session-migrator:report-put-away';

export class View {
  constructor(
    private readonly session: Session,
    private readonly banner: Banner,
    private readonly trans: TranslationBundle,
    private readonly notifier: Notifier,
    private readonly does: Deeds
  ) {
    banner.onPutAway = () => this.dismissReport();
    session.changed.connect(() => this.update());
    for (const name of ['online', 'offline']) {
      window.addEventListener(name, () => this.update());
    }
    document.addEventListener('visibilitychange', () => this.update());
  }

  /** The phase that holds now. */
  get phase(): Phase {
    const { facts, feed, downSince, expected, movedAt, serverNow, roomless, rest, out } = this.session;
    const { state, notice, problem, report, limits } = facts;
    const timing = { limits, downSince, expected, movedAt, serverNow };
    const known = { link: feed.link, state, notice, problem, report, roomless, ...timing };
    const view = { ...known, rest, out, resumable: facts.resume !== '', offline: !navigator.onLine };
    return phaseOf(view, Date.now(), sessionStorage.getItem(PUT_AWAY) ?? '');
  }

  /** The report has been read. A reload of the page must not bring it up again. */
  dismissReport(): void {
    const { report } = this.session.facts;
    if (report && this.phase.kind === 'losses') {
      sessionStorage.setItem(PUT_AWAY, reportId(report));
      this.update();
    }
  }

  private update(): void {
    const phase = this.phase;
    const words = wordsOf(phase, this.session.facts.saved?.at ?? null, this.trans);
    this.banner.say(phase, words, this.actions(phase));
    this.notifier.tell(phase, words?.text ?? '');
    this._title.show(phase);
    clearTimeout(this._timer);
    const { limits } = this.session.facts;
    const limited = limits.idle !== null || limits.age !== null;
    if (phase.kind !== 'quiet' || this.session.downSince !== null || limited) {
      this._timer = setTimeout(() => this.update(), phase.kind === 'quiet' && limited ? 5000 : 1000);
    }
  }

  private actions(phase: Phase): Action[] {
    const { does, trans } = this;
    switch (phase.kind) {
      case 'losses':
        return [{ label: trans.__('Show'), run: () => does.showReport() }];
      case 'limit':
        return phase.cause === 'idle' ? [{ label: trans.__('I am here'), run: () => does.here() }] : [];
      case 'reload':
        return [{ label: trans.__('Save and reload'), run: () => does.reload() }];
      case 'resting':
        return phase.offer ? [{ label: trans.__('Resume'), run: () => does.resume() }] : [];
      case 'out':
        return [{ label: trans.__('Log in'), run: () => does.logIn() }];
      default:
        return [];
    }
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _title = new TabTitle();
}
