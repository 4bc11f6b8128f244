/**
 * Where things go: JupyterLab and Notebook 7 have different shells.
 */
import { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Widget } from '@lumino/widgets';

import { StatusItem } from './status';

export class Places {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly lab: ILabShell | null,
    private readonly statusBar: IStatusBar | null
  ) {}

  /** A strip in the free space of the menu's row, so that nothing on the page moves when it comes and goes. */
  strip(strip: Widget): void {
    if (this.lab) {
      this.lab.add(strip, 'top', { rank: 800 });
    } else {
      this.app.shell.add(strip, 'menu', { rank: 9000 });
    }
  }

  /** A small item: in Lab's status bar, beside Notebook's mark of trust in the menu row. */
  item(item: StatusItem): void {
    if (this.statusBar) {
      this.statusBar.registerStatusItem('session-migrator:status', {
        item,
        align: 'right',
        rank: 90,
        isActive: () => item.active,
        activeStateChanged: item.activeChanged
      });
    } else {
      this.app.shell.add(item, 'menu', { rank: 10_900 });
    }
  }

  /** A panel beside the work, with the focus in it. It is on the page only while it is open. */
  open(panel: Widget): void {
    if (!panel.isAttached) {
      this.app.shell.add(panel, 'right', { rank: 900 });
    }
    this.app.shell.activateById(panel.id);
    panel.node.focus();
  }

  close(panel: Widget): void {
    panel.parent = null;
    const shell = this.app.shell as { collapseRight?: () => void };
    shell.collapseRight?.();
  }
}
