/**
 * A socket that closes swallows what was said into it. The server takes each request once, so it is said again.
 */
import { Kernel } from '@jupyterlab/services';

import { isConnected } from './lines';

/** What changes something in a kernel. */
const CHANGING = ['execute_request', 'comm_open', 'comm_msg', 'comm_close'];

/** What lies behind a kernel's connection; not in its interface, so that it may not be there. */
interface Insides {
  _futures?: unknown;
  _pendingMessages?: unknown;
  _sendMessage?: (msg: unknown, queue: boolean) => void;
  _sendPending?: () => void;
}

async function isDone(future: Kernel.IShellFuture): Promise<boolean> {
  const ended = future.done.then(
    () => true,
    () => true
  );
  return Promise.race([ended, new Promise<boolean>(resolve => setTimeout(resolve, 0, false))]);
}

/**
 * Once the kernel is connected again: what it was asked before and has not answered, then what waits to be asked.
 * Jupyter would let that wait for 3 s: it asks the kernel for its kind first, a question that stands last in the queue.
 */
export async function sayAgain(kernel: Kernel.IKernelConnection): Promise<void> {
  const insides = kernel as Insides;
  const { _futures: futures, _pendingMessages: waiting } = insides;
  if (!(futures instanceof Map) || !Array.isArray(waiting) || !(await isConnected(kernel))) {
    return;
  }
  for (const future of [...futures.values()] as Kernel.IShellFuture[]) {
    const { msg } = future;
    if (CHANGING.includes(msg.header.msg_type) && !(await isDone(future)) && !waiting.includes(msg)) {
      insides._sendMessage?.(msg, false);
    }
  }
  insides._sendPending?.();
}
