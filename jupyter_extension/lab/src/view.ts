/**
 * Keeps what is on screen in step with the session: once a second while something changes, else not at all.
 */
import { TranslationBundle } from '@jupyterlab/translation';

import { Action, Banner } from './banner';
import { Phase, phaseOf, reportId } from './phases';
import { Session } from './session';
import { TabTitle } from './title';
import { wordsOf } from './words';

const PUT_AWAY = 'session-migrator:report-put-away';

export class View {
  constructor(
    private readonly session: Session,
    private readonly banner: Banner,
    private readonly trans: TranslationBundle,
    private readonly showReport: () => void
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
    const { facts, feed, downSince, expected, movedAt, serverNow } = this.session;
    const { state, notice, report } = facts;
    const view = { link: feed.link, state, notice, report, downSince, expected, movedAt, serverNow };
    return phaseOf({ ...view, offline: !navigator.onLine }, Date.now(), sessionStorage.getItem(PUT_AWAY) ?? '');
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
    this.banner.say(phase, wordsOf(phase, this.session.facts.saved?.at ?? null, this.trans), this.actions(phase));
    this._title.show(phase);
    clearTimeout(this._timer);
    if (phase.kind !== 'quiet' || this.session.downSince !== null) {
      this._timer = setTimeout(() => this.update(), 1000);
    }
  }

  private actions(phase: Phase): Action[] {
    return phase.kind === 'losses' ? [{ label: this.trans.__('Show'), run: this.showReport }] : [];
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _title = new TabTitle();
}
