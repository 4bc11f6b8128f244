/**
 * One small item that always answers: is my work safe? The only thing on screen while all is well.
 */
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { button } from './elements';
import { Phase } from './phases';
import { Session } from './session';
import { duration } from './words';

/** How often "saved N s ago" is brought up to date, in milliseconds. */
const TICK_MS = 5000;

export class StatusItem extends Widget {
  constructor(
    private readonly session: Session,
    private readonly phase: () => Phase,
    private readonly trans: TranslationBundle,
    open: () => void
  ) {
    super();
    this.addClass('sm-Status');
    this._button = button('', 'sm-Status-button', open);
    this._button.title = trans.__('What of this session is saved');
    this.node.append(this._button);
    session.changed.connect(() => this.refresh());
    this.hide();
  }

  /** Whether there is anything to say. Lab's status bar shows and hides its items by itself, and asks this. */
  get active(): boolean {
    return this.session.watched && this.session.feed.link !== 'off';
  }

  get activeChanged(): ISignal<this, void> {
    return this._activeChanged;
  }

  private refresh(): void {
    this._button.textContent = this.words();
    this._button.dataset.trouble = String(this.session.facts.problem !== null);
    this.setHidden(!this.active);
    this._activeChanged.emit();
    clearTimeout(this._timer);
    if (!this.isHidden) {
      this._timer = setTimeout(() => this.refresh(), ['notice', 'limit'].includes(this.phase().kind) ? 1000 : TICK_MS);
    }
  }

  private words(): string {
    const { saved, problem } = this.session.facts;
    const { trans } = this;
    const phase = this.phase();
    if (phase.kind === 'notice' && phase.seconds !== null) {
      return trans.__('Moves in %1', duration(phase.seconds, trans));
    }
    if (phase.kind === 'limit') {
      return trans.__('Rests in %1', duration(phase.seconds, trans));
    }
    if (this.session.roomless) {
      return trans.__('Reload this page');
    }
    if (phase.kind === 'resting') {
      return trans.__('Session rests');
    }
    if (phase.kind === 'out') {
      return trans.__('Logged out');
    }
    if (!this.session.serving) {
      return trans.__('Session is on its way');
    }
    if (problem) {
      return trans.__('Saving does not work');
    }
    return saved
      ? trans.__('Saved %1 ago', duration(this.session.serverNow - saved.at, trans))
      : trans.__('Not saved yet');
  }

  private readonly _button: HTMLButtonElement;
  private readonly _activeChanged = new Signal<this, void>(this);
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
