/**
 * The page's lines to its server: the websockets of its kernels and terminals.
 *
 * Which kernels there are, and which socket a line has, is in no interface of Jupyter's: it is looked for, and may be
 * missing.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { Kernel } from '@jupyterlab/services';

/** What kernels and terminals have in common here. */
export interface Line {
  readonly connectionStatus: string;
  readonly isDisposed: boolean;
  reconnect(): Promise<void>;
}

const CONNECTED_MS = 60000;

/**
 * Every kernel connection of the page. Each notebook, console and extension has a connection of its own to the same
 * kernel; only the manager's own set (not in its interface, so checked) has them all. Without it, those of the widgets.
 */
export function connectionsOf(app: JupyterFrontEnd): Kernel.IKernelConnection[] {
  const own = (app.serviceManager.kernels as { _kernelConnections?: unknown })._kernelConnections;
  if (own instanceof Set) {
    return [...(own as Set<Kernel.IKernelConnection>)];
  }
  return widgets(app)
    .map(widget => widget.sessionContext?.session?.kernel ?? widget.context?.sessionContext?.session?.kernel)
    .filter((kernel): kernel is Kernel.IKernelConnection => Boolean(kernel));
}

/** Whether a kernel gets connected again, within a minute. */
export async function isConnected(kernel: Kernel.IKernelConnection): Promise<boolean> {
  for (const end = Date.now() + CONNECTED_MS; kernel.connectionStatus !== 'connected'; ) {
    if (kernel.isDisposed || Date.now() > end) {
      return false;
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return true;
}

interface Shown {
  sessionContext?: { session?: { kernel?: Kernel.IKernelConnection | null } | null };
  context?: Shown;
  content?: { session?: unknown };
}

function widgets(app: JupyterFrontEnd): Shown[] {
  return ['main', 'down', 'left', 'right'].flatMap(area => [...app.shell.widgets(area)] as Shown[]);
}

/** Every terminal that is shown. */
export function terminalsOf(app: JupyterFrontEnd): Line[] {
  return widgets(app)
    .map(widget => widget.content?.session)
    .filter((session): session is Line => {
      const line = session as Partial<Line> | undefined;
      return typeof line?.reconnect === 'function' && typeof line.connectionStatus === 'string' && !('kernel' in line);
    });
}

/** The socket of a line; undefined where it cannot be told. */
export const socketOf = (line: unknown): unknown => (line as { _ws?: unknown })._ws;

/** Whether an attempt to connect is under way. */
export const isConnecting = (line: unknown): boolean =>
  (socketOf(line) as WebSocket | null | undefined)?.readyState === 0;
