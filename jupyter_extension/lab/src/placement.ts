/**
 * Where things go: JupyterLab and Notebook 7 have different shells.
 */
import { ILabShell, JupyterFrontEnd } from '@jupyterlab/application';
import { BoxLayout, Widget } from '@lumino/widgets';

/** Put a strip of full width above everything. Notebook 7 has no `header` area, so there it becomes the first row. */
export function placeStrip(app: JupyterFrontEnd, lab: ILabShell | null, strip: Widget): void {
  const layout = app.shell.layout;
  if (lab) {
    lab.add(strip, 'header', { rank: 0 });
  } else if (layout instanceof BoxLayout) {
    BoxLayout.setStretch(strip, 0);
    layout.insertWidget(0, strip);
  } else {
    Widget.attach(strip, document.body, document.body.firstElementChild as HTMLElement);
  }
}

/** Put the panel beside the work: Lab's right side bar, Notebook's right-hand area. */
export function placePanel(app: JupyterFrontEnd, panel: Widget): void {
  app.shell.add(panel, 'right', { rank: 900 });
}
