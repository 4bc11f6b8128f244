/**
 * What was alive on the page and did not move with its kernel must not look alive.
 *
 * A restored kernel knows its comms again, under the ids that they had. Those that it does not know have ended:
 * a widget is marked where it stands, and any other kind is closed, so that whoever opened it hears of it.
 */
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { element } from './elements';

const WIDGET = 'jupyter.widget';
const VIEW = 'application/vnd.jupyter.widget-view+json';
const OUTPUT = '.jp-OutputArea-output';
const CONNECTED_MS = 60000;

/** The comms that a connection has open on the page. They are not in its interface, so this is checked. */
function commsOf(kernel: Kernel.IKernelConnection): Kernel.IComm[] {
  const own = (kernel as { _comms?: unknown })._comms;
  return own instanceof Map ? [...(own as Map<string, Kernel.IComm>).values()] : [];
}

/** A widget in a cell's output: where it stands, and the id of its comm. */
interface Shown {
  node: HTMLElement;
  model: string;
}

/** What a code cell has, and others have not. */
interface WithOutput {
  outputArea?: {
    model: { length: number; get(index: number): { data: { [type: string]: unknown } } };
    widgets: readonly { node: HTMLElement }[];
  };
}

function widgetsIn({ outputArea }: WithOutput): Shown[] {
  const { model, widgets } = outputArea ?? { model: null, widgets: [] };
  return widgets.flatMap(({ node }, index) => {
    const view = model && index < model.length ? model.get(index).data[VIEW] : undefined;
    const id = (view as { model_id?: unknown } | undefined)?.model_id;
    return typeof id === 'string' ? [{ node: node.querySelector<HTMLElement>(OUTPUT) ?? node, model: id }] : [];
  });
}

function shownIn(panel: NotebookPanel): Shown[] {
  return panel.content.widgets.flatMap(cell => widgetsIn(cell as WithOutput));
}

/** Put a word beside a widget, and let nobody move it any more. Running its cell again makes a new one. */
function markStopped(node: HTMLElement, trans: TranslationBundle): void {
  if (!node.classList.contains('sm-Stopped')) {
    node.classList.add('sm-Stopped');
    [...node.children].forEach(child => ((child as HTMLElement).inert = true));
    const text = trans.__('This widget has stopped, since it could not be moved. Run its cell again.');
    const note = element('div', 'sm-Stopped-note', text);
    note.setAttribute('role', 'note');
    node.prepend(note);
  }
}

async function close(comm: Kernel.IComm): Promise<void> {
  const message = KernelMessage.createMessage<KernelMessage.ICommCloseMsg<'iopub'>>({
    msgType: 'comm_close',
    channel: 'iopub',
    session: '',
    content: { comm_id: comm.commId, data: {} }
  });
  const { onClose } = comm as { onClose?: Kernel.IComm['onClose'] };
  try {
    await onClose?.(message);
  } finally {
    comm.dispose();
  }
}

/** The ids that the kernel knows, asked as soon as it is connected; null if it cannot be asked. */
async function known(kernel: Kernel.IKernelConnection): Promise<Set<string> | null> {
  for (const end = Date.now() + CONNECTED_MS; kernel.connectionStatus !== 'connected'; ) {
    if (kernel.isDisposed || Date.now() > end) {
      return null;
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  const { content } = await kernel.requestCommInfo({});
  return content.status === 'ok' ? new Set(Object.keys(content.comms)) : null;
}

async function look(panel: NotebookPanel, trans: TranslationBundle): Promise<void> {
  const kernel = panel.sessionContext.session?.kernel;
  // Taken before anything connects again: what is opened from now on is the new kernel's.
  const open = kernel ? commsOf(kernel) : [];
  const shown = shownIn(panel);
  const living = kernel && open.length + shown.length > 0 ? await known(kernel) : null;
  if (living) {
    shown.filter(({ model }) => !living.has(model)).forEach(({ node }) => markStopped(node, trans));
    const ended = open.filter(comm => comm.targetName !== WIDGET && !living.has(comm.commId));
    await Promise.all(ended.filter(comm => !comm.isDisposed).map(close));
  }
}

/** After a move: mark or close what the restored kernels do not know. */
export function showWhatStopped(notebooks: INotebookTracker, trans: TranslationBundle): void {
  notebooks.forEach(panel => {
    look(panel, trans).catch((reason: unknown) => console.debug('session-migrator: comms are not known', reason));
  });
}
