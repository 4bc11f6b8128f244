/**
 * Connects everything on the page as soon as the session is back, not after Jupyter's 10 to 30 s of back-off.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { Kernel, ServiceManager } from '@jupyterlab/services';

/** What kernels and terminals have in common here. */
interface Line {
  readonly connectionStatus: string;
  readonly isDisposed: boolean;
  reconnect(): Promise<void>;
}

const ROUNDS = 20;
const ROUND_MS = 1000;

/**
 * Every kernel connection of the page. Each notebook, console and extension has a connection of its own to the same
 * kernel; only the manager's own set (not in its interface, so checked) has them all. Without it, those of the widgets.
 */
function kernels(app: JupyterFrontEnd): Line[] {
  const own = (app.serviceManager.kernels as { _kernelConnections?: unknown })._kernelConnections;
  if (own instanceof Set) {
    return [...(own as Set<Kernel.IKernelConnection>)];
  }
  return widgets(app)
    .map(widget => widget.sessionContext?.session?.kernel ?? widget.context?.sessionContext?.session?.kernel)
    .filter((kernel): kernel is Kernel.IKernelConnection => Boolean(kernel));
}

interface Shown {
  sessionContext?: { session?: { kernel?: Kernel.IKernelConnection | null } | null };
  context?: Shown;
  content?: { session?: unknown };
}

function widgets(app: JupyterFrontEnd): Shown[] {
  return ['main', 'down', 'left', 'right'].flatMap(area => [...app.shell.widgets(area)] as Shown[]);
}

function terminals(app: JupyterFrontEnd): Line[] {
  return widgets(app)
    .map(widget => widget.content?.session)
    .filter((session): session is Line => {
      const line = session as Partial<Line> | undefined;
      return typeof line?.reconnect === 'function' && typeof line.connectionStatus === 'string' && !('kernel' in line);
    });
}

/** Reconnect once; a line that fails is tried again in the next round. */
function reconnect(line: Line): void {
  line.reconnect().catch((reason: unknown) => console.debug('session-migrator: not connected yet', reason));
}

async function refresh(services: ServiceManager.IManager): Promise<void> {
  await Promise.allSettled([services.kernels.refreshRunning(), services.sessions.refreshRunning()]);
  if (services.terminals.isAvailable()) {
    await Promise.allSettled([services.terminals.refreshRunning()]);
  }
}

/** A newer call takes over from the rounds of an older one. */
let current = 0;

/**
 * Connect all of the page's kernels and terminals. `all`: also those that look connected, since a proxy keeps the old
 * server's connections open until that server ends. Done when every line is connected, or after 20 s.
 */
export async function reconnectAll(app: JupyterFrontEnd, all: boolean): Promise<void> {
  const mine = ++current;
  const lines = () => [...kernels(app), ...terminals(app)].filter(line => !line.isDisposed);
  lines()
    .filter(line => all || line.connectionStatus !== 'connected')
    .forEach(reconnect);
  void refresh(app.serviceManager);
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise(resolve => setTimeout(resolve, ROUND_MS));
    const missing = lines().filter(line => line.connectionStatus !== 'connected');
    if (mine !== current || missing.length === 0) {
      return;
    }
    missing.forEach(reconnect);
  }
}
