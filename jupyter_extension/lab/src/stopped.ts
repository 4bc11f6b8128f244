/**
 * What was alive on the page and did not move with its kernel must not look alive, wherever it is shown.
 *
 * A restored kernel knows its comms again, under the ids that they had. Those that it does not know have ended:
 * a widget is marked where it stands, and any other kind is closed, so that whoever opened it hears of it.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { element } from './elements';
import { connectionsOf, isConnected } from './lines';

const WIDGET = 'jupyter.widget';
const VIEW = 'application/vnd.jupyter.widget-view+json';
const OUTPUT = '.jp-OutputArea-output';
const VIEWS = '.jupyter-widgets';

/** The comms that a connection has open on the page. They are not in its interface, so this is checked. */
function commsOf(kernel: Kernel.IKernelConnection): Kernel.IComm[] {
  const own = (kernel as { _comms?: unknown })._comms;
  return own instanceof Map ? [...(own as Map<string, Kernel.IComm>).values()] : [];
}

/** A view of an ipywidget is the part of the page's tree that knows its model; in no interface, so this is checked. */
function modelOf(widget: Widget): string {
  const id = (widget as { _view?: { model?: { model_id?: unknown } | null } | null })._view?.model?.model_id;
  return typeof id === 'string' ? id : '';
}

/** What an area of outputs has: those of a cell, of a console, of a linked view or of an Output widget. */
interface Outputs {
  model: { length: number; get(index: number): { data: { [type: string]: unknown } } };
  widgets: readonly Widget[];
}

/** The outputs of an area that are widgets: their nodes, and the ids of their models. */
function shownIn(area: Widget): [HTMLElement, string][] {
  const { model, widgets } = area as unknown as Outputs;
  return widgets.flatMap(({ node }, index) => {
    const view = index < model.length ? model.get(index).data[VIEW] : undefined;
    const id = (view as { model_id?: unknown } | undefined)?.model_id;
    return typeof id === 'string' ? [[node.querySelector<HTMLElement>(OUTPUT) ?? node, id]] : [];
  });
}

function everything(widget: Widget): Widget[] {
  return [widget, ...[...widget.children()].flatMap(everything)];
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
  if (!(await isConnected(kernel))) {
    return null;
  }
  const { content } = await kernel.requestCommInfo({});
  return content.status === 'ok' ? new Set(Object.keys(content.comms)) : null;
}

/** Marks what stopped, also where it is shown later. */
export class Stopped {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly trans: TranslationBundle
  ) {}

  /** After a move: mark or close what the restored kernels do not know. */
  look(): void {
    for (const kernel of connectionsOf(this.app)) {
      this.lookAt(kernel).catch((reason: unknown) => console.debug('session-migrator: comms are not known', reason));
    }
  }

  private async lookAt(kernel: Kernel.IKernelConnection): Promise<void> {
    // Taken before anything connects again: what is opened from now on is the new kernel's.
    const open = commsOf(kernel);
    const living = open.length > 0 ? await known(kernel) : null;
    const ended = living ? open.filter(comm => !living.has(comm.commId)) : [];
    const isWidget = (comm: Kernel.IComm) => comm.targetName === WIDGET;
    this.stop(ended.filter(isWidget).map(comm => comm.commId));
    await Promise.all(ended.filter(comm => !isWidget(comm) && !comm.isDisposed).map(close));
  }

  /** Mark all views of these models, those that are opened later too. */
  private stop(models: string[]): void {
    models.forEach(model => this._models.add(model));
    if (this._models.size > 0) {
      this.mark();
      this._watch.observe(document.body, { childList: true, subtree: true });
    }
  }

  private mark(): void {
    const all = everything(this.app.shell);
    all.filter(each => this._models.has(modelOf(each))).forEach(each => this.markNode(each.node));
    for (const [node, model] of all.filter(each => each.hasClass('jp-OutputArea')).flatMap(shownIn)) {
      if (this._models.has(model) && !node.querySelector('.sm-Stopped')) {
        [...node.children].forEach(child => this.markNode(child as HTMLElement));
      }
    }
  }

  /** Let nobody move a widget any more, and put a word above the output that it is in. A new run makes a new one. */
  private markNode(node: HTMLElement): void {
    if (node.parentElement?.closest('.sm-Stopped')) {
      return;
    }
    node.classList.add('sm-Stopped');
    node.inert = true;
    const output = node.closest(OUTPUT);
    if (output && !output.querySelector(':scope > .sm-Stopped-note')) {
      const text = this.trans.__('This widget has stopped, since it could not be moved. Run its cell again.');
      const note = element('div', 'sm-Stopped-note', text);
      note.setAttribute('role', 'note');
      output.prepend(note);
    }
  }

  private readonly _models = new Set<string>();
  private readonly _watch = new MutationObserver(changes => {
    const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter(node => node instanceof Element);
    if (added.some(node => node.matches(VIEWS) || node.querySelector(VIEWS))) {
      this.mark();
    }
  });
}
