/**
 * A debugger does not move with its kernel, and must not look as if it had: what it shows goes, and a word is said.
 *
 * It is not switched on again by itself. A kernel lets a debugger in between two cells, and until then its control
 * channel is deaf; after a move it may well be at a long cell that runs again.
 */
import { Notification } from '@jupyterlab/apputils';
import { IDebugger } from '@jupyterlab/debugger';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { isConnected } from './lines';

/** Let Jupyter see that the kernel has no debugger any more; by itself it looks when a document comes to the front. */
export async function switchOff(
  { model, session }: IDebugger,
  notebooks: IDebugger.IHandler,
  trans: TranslationBundle
): Promise<void> {
  const kernel = session?.connection?.kernel;
  if (!session || !kernel || !(await isConnected(kernel))) {
    return;
  }
  await session.restoreState();
  if (session.isStarted) {
    return;
  }
  // What stood at a breakpoint does so no more. A kernel's word of that is the only one that Jupyter listens to.
  const events = session.eventMessage as unknown as Signal<unknown, object>;
  model.stoppedThreads.forEach(threadId => events.emit({ event: 'continued', body: { threadId } }));
  const notebook = notebooks.activeWidget as NotebookPanel | null;
  if (notebook) {
    await notebooks.updateContext(notebook, notebook.sessionContext);
  }
  const text = trans.__(
    'The move switched the debugger off. A cell that stood at a breakpoint runs on; set your breakpoints anew.'
  );
  Notification.info(text, { autoClose: false });
}
