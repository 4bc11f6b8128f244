/**
 * The whole story behind the status item: what is covered, what is at risk and why, the last saves, and the way back.
 */
import { Dialog, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { button, element, link, list, section } from './elements';
import { Notifier } from './notify';
import { Offers } from './offers';
import { ReportView } from './report';
import { Session } from './session';
import { Transfer } from './transfer';
import { Kept, KernelReport, Report } from './wire';
import { clock, size } from './words';
import { ServerWiring } from './wiring';

/** More kept saves than this are not listed. */
const SHOWN = 12;

export class Panel extends Widget {
  constructor(
    private readonly session: Session,
    private readonly server: ServerWiring,
    private readonly report: ReportView,
    private readonly transfer: Transfer,
    private readonly offers: Offers,
    private readonly notifier: Notifier,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = 'session-migrator-panel';
    offers.onChange = () => this.isVisible && this.render();
    this.addClass('sm-Panel');
    this.title.label = trans.__('Session');
    this.title.caption = trans.__('What of this session is saved');
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.caption);
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        this.onClose?.();
      }
    });
  }

  /** Called when the user puts the panel away. */
  onClose: (() => void) | null = null;

  protected onAfterShow(): void {
    this.listen();
  }

  protected onAfterAttach(): void {
    if (this.isVisible) {
      this.listen();
    }
  }

  protected onBeforeHide(): void {
    this.session.changed.disconnect(this.render, this);
  }

  protected onBeforeDetach(): void {
    this.session.changed.disconnect(this.render, this);
  }

  private listen(): void {
    this.session.changed.connect(this.render, this);
    this.render();
    void this.look();
  }

  /** Ask which saves are kept. The server may be away: then those known stay on view. */
  private async look(): Promise<void> {
    const snapshot = this.session.facts.saved?.snapshot ?? '';
    if (this.session.serving && snapshot !== this._lookedAt) {
      this._lookedAt = snapshot;
      try {
        this._kept = await this.server.kept();
        this.render();
      } catch (reason) {
        console.debug('session-migrator: kept saves are not known', reason);
      }
    }
  }

  private render(): void {
    const { report } = this.session.facts;
    const { trans } = this;
    const close = button('×', 'sm-Panel-close', () => this.onClose?.());
    close.setAttribute('aria-label', trans.__('Close'));
    const focused = this.node.contains(document.activeElement) ? document.activeElement?.textContent : null;
    this.node.replaceChildren(
      element('div', 'sm-Panel-head', element('h2', '', trans.__('This session')), close),
      ...this.saved(),
      ...(report ? section(this.since(report), ...this.report.render(report)) : []),
      ...section(trans.__('Cannot be saved'), ...this.atRisk(), ...this.running()),
      ...section(trans.__('Saved with the session'), ...this.covered()),
      ...section(trans.__('Go back'), ...this.earlier()),
      ...section(trans.__('A copy'), ...this.offers.copies()),
      ...section(trans.__('The machine'), ...this.offers.machines()),
      ...section(trans.__('As a file'), ...this.asFile()),
      ...section(trans.__('Come back'), ...this.comingBack()),
      ...section(trans.__('Call me'), ...this.calls())
    );
    if (focused) {
      [...this.node.querySelectorAll('button')].find(each => each.textContent === focused)?.focus();
    }
    void this.look();
  }

  private since({ copied }: Report): string {
    return copied ? this.trans.__('This copy') : this.trans.__('The last move');
  }

  private saved(): HTMLElement[] {
    const { saved, problem } = this.session.facts;
    const { trans } = this;
    const text = saved
      ? trans.__(
          'Saved at %1: %2, of which %3 were new.',
          clock(saved.at),
          size(saved.bytes_state),
          size(saved.bytes_written)
        )
      : trans.__('Nothing has been saved yet.');
    const save = button(trans.__('Save now'), 'sm-Panel-save', () => void this.save(save));
    save.disabled = !this.session.serving;
    const trouble = problem ? [element('p', 'sm-Trouble', trans.__('Saving does not work now: %1', problem))] : [];
    return [element('p', '', text), ...trouble, save];
  }

  /** Take the session along, or bring one in. */
  private asFile(): HTMLElement[] {
    const { trans } = this;
    const text = trans.__('All files and variables in one file, which opens without a password: keep it safe.');
    const fetch = () => this.attempt(trans.__('The download did not work'), () => this.transfer.download());
    const down = button(trans.__('Download all'), 'sm-Panel-download', () => void fetch());
    const up = button(trans.__('Bring in a download'), 'sm-Panel-upload', () => void this.bringIn());
    down.disabled = !this.session.serving;
    up.disabled = !this.session.serving || this._upload !== null;
    const row = element('p', 'sm-Row', down, up);
    if (this._upload === null) {
      return [element('p', '', text), row];
    }
    const bar = element('progress', '');
    bar.setAttribute('aria-label', trans.__('Bringing in'));
    if (this._upload < 1) {
      bar.value = this._upload;
    }
    return [element('p', '', text), row, bar];
  }

  /** The link that brings the session back after it was put away. */
  private comingBack(): HTMLElement[] {
    const { trans } = this;
    const { resume } = this.session.facts;
    if (!resume) {
      return [];
    }
    const text = trans.__('This link leads back to the session from any browser. Whoever has it can open the session.');
    return [element('p', '', text), link(trans.__('Link to this session'), 'sm-Panel-resume', resume)];
  }

  private async bringIn(): Promise<void> {
    const file = await this.transfer.choose();
    if (!file || !(await this.transfer.trusts(file))) {
      return;
    }
    const show = (done: number | null) => {
      this._upload = done;
      this.render();
    };
    show(0);
    await this.attempt(this.trans.__('Bringing in did not work'), () => this.transfer.upload(file, show));
    show(null);
  }

  /** The browser's question is asked on this click and never else. */
  private calls(): HTMLElement[] {
    const { trans, notifier } = this;
    const { wish } = notifier;
    if (wish === 'impossible' || wish === 'denied') {
      return wish === 'denied' ? [element('p', '', trans.__('This browser was told not to show notifications.'))] : [];
    }
    const label =
      wish === 'on' ? trans.__('Do not notify me any more') : trans.__('Notify me while this tab is hidden');
    const turn = async () => {
      await notifier.turn(wish !== 'on');
      this.render();
    };
    return [button(label, 'sm-Panel-notify', () => void turn())];
  }

  private covered(): HTMLElement[] {
    return list(
      this.session.facts.covered.map(({ path, kernel, names, bytes }) => [
        element('code', '', path || kernel),
        ' ' + this.trans._n('%1 variable', '%1 variables', names) + (bytes ? `, ${size(bytes)}` : '')
      ])
    );
  }

  private atRisk(): HTMLElement[] {
    return list(
      this.session.facts.at_risk.map(({ name, path, reason }) => [
        element('code', '', name),
        path ? ' ' + this.trans.__('in %1: %2', path, reason) : ` ${reason}`
      ])
    );
  }

  private running(): HTMLElement[] {
    const { runner } = this.session.facts;
    const text = this.trans.__('A cell that is running: %1 runs it, and does not do so again after a move.', runner);
    return runner ? [element('p', '', text)] : [];
  }

  private earlier(): HTMLElement[] {
    const rows = this._kept.slice(0, SHOWN).flatMap(kept => kept.kernels.map(kernel => this.way(kept, kernel)));
    return list(rows);
  }

  private way(kept: Kept, kernel: Kept['kernels'][number]): (Node | string)[] {
    const { trans } = this;
    const label = trans.__('%1, before cell [%2]', clock(kept.at), kernel.execution_count + 1);
    const back = button(label, 'sm-Panel-undo', () => void this.undo(kept, kernel, label));
    back.disabled = !this.session.serving;
    return [back, ' ', element('code', '', kernel.path || kernel.kernel)];
  }

  private async save(save: HTMLButtonElement): Promise<void> {
    save.disabled = true;
    await this.attempt(this.trans.__('Saving did not work'), () => this.server.save());
    save.disabled = false;
  }

  private async undo(kept: Kept, kernel: Kept['kernels'][number], label: string): Promise<void> {
    const { trans } = this;
    const answer = await showDialog({
      title: trans.__('Put the variables of %1 back?', kernel.path || kernel.kernel),
      body: trans.__('They become as they were at %1. What was set since is given up; files stay as they are.', label),
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Go back') })]
    });
    if (answer.button.accept) {
      await this.attempt(trans.__('Going back did not work'), () => this.server.undo(kernel.kernel, kept.snapshot));
    }
  }

  /** Take what a cell had done when the move interrupted it, in place of running it again. */
  async salvage(kernel: KernelReport, report: Report): Promise<void> {
    const title = this.trans.__('Taking the variables did not work');
    await this.attempt(title, () => this.server.undo(kernel.kernel, report.snapshot, true));
  }

  private async attempt(title: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (reason) {
      await showErrorMessage(title, reason instanceof Error ? reason : String(reason));
    }
  }

  /** The fraction of an upload that is sent; null while there is none. */
  private _upload: number | null = null;
  private _kept: Kept[] = [];
  private _lookedAt: string | null = null;
}
