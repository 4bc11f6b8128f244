/**
 * What a restore brought back, and what not: name, what, why, since which cell; with what can be done about it.
 */
import { TranslationBundle } from '@jupyterlab/translation';

import { CellName, Cells } from './cells';
import { button, element, list } from './elements';
import { hasLosses } from './phases';
import { clock } from './words';
import { CellNote, KernelReport, Loss, Report } from './wire';

export class ReportView {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly cells: Cells,
    private readonly salvage: (kernel: KernelReport, report: Report) => void,
    private readonly dismiss: () => void
  ) {}

  /** The report as elements for the panel. */
  render(report: Report): HTMLElement[] {
    const parts = [
      ...this.copied(report),
      ...this.fallback(report),
      ...report.kernels.flatMap(kernel => this.kernel(kernel, report)),
      ...list(report.excluded.map(({ path, reason }) => [name(path), ' ', this.trans.__('was not saved: %1', reason)])),
      ...list(report.kept.map(path => [this.trans.__('What was here before is kept as'), ' ', name(path)])),
      ...list(report.terminals.filter(each => each.lost.length > 0).map(each => [this.terminal(each)]))
    ];
    if (!hasLosses(report)) {
      return [element('p', '', this.trans.__('Everything came back.')), ...parts];
    }
    return [...parts, button(this.trans.__('Dismiss'), 'sm-Report-dismiss', this.dismiss)];
  }

  private copied({ copied }: Report): HTMLElement[] {
    if (!copied) {
      return [];
    }
    const what = this.trans.__('It began as the first session was at %1.', clock(copied.at));
    const shared = copied.shared ? ' ' + this.trans.__('Both have the same files.') : '';
    return [element('p', '', what + shared)];
  }

  private fallback(report: Report): HTMLElement[] {
    return report.fallback ? [element('p', '', this.trans.__('An earlier save was used: %1', report.fallback))] : [];
  }

  private terminal({ name, lost }: Report['terminals'][number]): string {
    return this.trans.__('Terminal %1 is back; what ran in it is not: %2', name, lost.join(', '));
  }

  private kernel(kernel: KernelReport, report: Report): HTMLElement[] {
    const { trans } = this;
    const rows = [
      ...kernel.lost.map(loss => this.loss(kernel, loss, trans.__('did not come back: %1.', loss.reason))),
      ...kernel.changed.map(loss => this.loss(kernel, loss, trans.__('came back different: %1.', loss.reason))),
      ...kernel.skipped.map(cell => [this.cell(cell, trans.__('was not run again')), ...this.again(kernel, cell)]),
      ...kernel.rerun.map(cell => [this.cell(cell, trans.__('was run again'))])
    ];
    const saved = trans._n('%1 variable came back', '%1 variables came back', kernel.saved);
    const heading = element('h4', '', kernel.path || kernel.kernel);
    return [heading, ...this.missing(kernel), element('p', '', saved), ...list(rows), ...this.choice(kernel, report)];
  }

  private missing(kernel: KernelReport): HTMLElement[] {
    const text = this.trans.__('The notebook is not here: it had been deleted. Its kernel goes on.');
    return kernel.missing ? [element('p', '', text)] : [];
  }

  private loss(kernel: KernelReport, loss: Loss, what: string): (Node | string)[] {
    const since = loss.execution_count ? ' ' + this.trans.__('It was set in cell [%1].', loss.execution_count) : '';
    return [name(loss.name), ` ${what}${since}`, ...this.again(kernel, loss)];
  }

  private cell(cell: CellNote, what: string): string {
    const which = cell.execution_count
      ? this.trans.__('Cell [%1]', cell.execution_count)
      : this.trans.__('A cell that had not finished');
    return cell.reason ? `${which} ${what}: ${cell.reason}` : `${which} ${what}`;
  }

  /** A long cell that was interrupted runs again by default; its half-way variables are the other choice. */
  private choice(kernel: KernelReport, report: Report): HTMLElement[] {
    if (!kernel.salvage) {
      return [];
    }
    const { trans } = this;
    const again = kernel.rerun.length > 0;
    const text = again
      ? trans.__('A cell was interrupted and runs again. Its variables so far are kept too.')
      : trans.__('A cell was interrupted, and was not run again. Its variables so far are kept.');
    const take = again
      ? trans.__('Stop it and take the variables so far')
      : trans.__('Take the variables so far');
    return [element('p', '', text), button(take, 'sm-Report-salvage', () => this.salvage(kernel, report))];
  }

  private again(kernel: KernelReport, cell: CellName): Node[] {
    if (!this.cells.has(kernel.path, cell)) {
      return [];
    }
    const label = cell.execution_count
      ? this.trans.__('Run cell [%1] again', cell.execution_count)
      : this.trans.__('Run this cell again');
    return [button(label, 'sm-Report-run', () => void this.cells.run(kernel.path, cell))];
  }
}

const name = (text: string) => element('code', '', text);
