/**
 * Finds the cells that a report speaks of in the notebooks that are open, and runs them again.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

/** How a report names a cell: by its id where the page said it, else by its number. */
export interface CellName {
  cell?: string;
  execution_count?: number;
}

export class Cells {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly tracker: INotebookTracker | null
  ) {}

  /** Whether a cell is in an open notebook. */
  has(path: string, cell: CellName): boolean {
    return this.find(path, cell) !== null;
  }

  /** Show a cell and run it, as the user would. */
  async run(path: string, cell: CellName): Promise<void> {
    const found = this.find(path, cell);
    if (found) {
      this.app.shell.activateById(found.panel.id);
      found.panel.content.deselectAll();
      found.panel.content.activeCellIndex = found.index;
      await this.app.commands.execute('notebook:run-cell');
    }
  }

  private find(path: string, cell: CellName): { panel: NotebookPanel; index: number } | null {
    const panel = this.tracker?.find(each => each.context.path === path);
    const models = panel ? panel.content.widgets.map(each => each.model) : [];
    const found = models.filter(each => (cell.cell ? each.id === cell.cell : hasNumber(each, cell.execution_count)));
    // A number of a former kernel may stand beside the same one of this kernel: then nobody knows which cell is meant.
    return panel && found.length === 1 ? { panel, index: models.indexOf(found[0]!) } : null;
  }
}

const hasNumber = (model: object, count?: number): boolean =>
  count !== undefined && 'executionCount' in model && model.executionCount === count;
