/**
 * Finds the cells that a report speaks of in the notebooks that are open, and runs them again.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

export class Cells {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly tracker: INotebookTracker | null
  ) {}

  /** Whether a cell is in an open notebook. */
  has(path: string, cell: string): boolean {
    return this.find(path, cell) !== null;
  }

  /** Show a cell and run it, as the user would. */
  async run(path: string, cell: string): Promise<void> {
    const found = this.find(path, cell);
    if (found) {
      this.app.shell.activateById(found.panel.id);
      found.panel.content.deselectAll();
      found.panel.content.activeCellIndex = found.index;
      await this.app.commands.execute('notebook:run-cell');
    }
  }

  private find(path: string, cell: string): { panel: NotebookPanel; index: number } | null {
    const panel = this.tracker?.find(each => each.context.path === path);
    const index = panel ? panel.content.widgets.findIndex(each => each.model.id === cell) : -1;
    return panel && index >= 0 ? { panel, index } : null;
  }
}
