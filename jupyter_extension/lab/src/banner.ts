/**
 * One calm strip in the menu's row that says what happens to the session, and nothing while all is well.
 *
 * A countdown on screen would be read out every second, so what screen readers hear is a text of its own that changes
 * only when something new is to be said.
 */
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { button, element } from './elements';
import { newsOf, Phase } from './phases';
import { Words } from './words';

/** A button of the banner. */
export interface Action {
  label: string;
  run(): void;
}

export class Banner extends Widget {
  constructor(private readonly trans: TranslationBundle) {
    super();
    this.id = 'session-migrator-banner';
    this.addClass('sm-Banner');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Session'));
    this._live.setAttribute('role', 'status');
    this.node.append(this._text, this._actions);
    document.body.append(this._live);
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.putAway();
      }
    });
    this.hide();
  }

  /** The live region stays outside of the strip: what is hidden is not announced. */
  dispose(): void {
    this._live.remove();
    super.dispose();
  }

  /** Show a phase, or hide for null. The user's putting away holds until there is other news. */
  say(phase: Phase, words: Words | null, actions: Action[]): void {
    const news = newsOf(phase);
    if (news !== this._news) {
      this._news = news;
      this._away = false;
      this._live.textContent = words?.text ?? '';
      this.node.dataset.tone = words?.tone ?? '';
      this.setActions(words ? actions : []);
    }
    this._text.textContent = this._text.title = words?.text ?? '';
    this.setHidden(!words || this._away);
  }

  /** Called when the user puts the strip away; the phase it showed is given by its news. */
  onPutAway: (() => void) | null = null;

  private putAway(): void {
    this._away = true;
    this.hide();
    this.onPutAway?.();
  }

  /** Buttons that stay the same stay where they are: a click on one that is replaced half-way would be lost. */
  private setActions(actions: Action[]): void {
    const before = this._offered.map(action => action.label);
    this._offered = actions;
    if (this._actions.hasChildNodes() && before.join('\n') === actions.map(action => action.label).join('\n')) {
      return;
    }
    const close = button('×', 'sm-Banner-close', () => this.putAway());
    close.setAttribute('aria-label', this.trans.__('Put away'));
    close.title = this.trans.__('Put away (Esc)');
    const others = actions.map(({ label }, at) => button(label, 'sm-Banner-action', () => this._offered[at]?.run()));
    this._actions.replaceChildren(...others, close);
  }

  private _news = '';
  private _offered: Action[] = [];
  private _away = false;
  private readonly _text = element('span', 'sm-Banner-text');
  private readonly _live = element('div', 'sm-Live sm-Hidden');
  private readonly _actions = element('span', 'sm-Banner-actions');
}
