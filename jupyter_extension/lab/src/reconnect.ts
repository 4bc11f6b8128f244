/**
 * Connects everything on the page as soon as the session is back, not after Jupyter's 10 to 30 s of back-off.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { Kernel, ServiceManager } from '@jupyterlab/services';

import { mindOwnSocket } from './ownSocket';
import { Session } from './session';

/** What kernels and terminals have in common here. */
interface Line {
  readonly connectionStatus: string;
  readonly isDisposed: boolean;
  reconnect(): Promise<void>;
}

const ROUNDS = 20;
const ROUND_MS = 1000;
/** So many rounds an attempt has before another one takes its place: a server that has just come up is slow. */
const PATIENCE = 5;
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

/** What changes something in a kernel. */
const CHANGING = ['execute_request', 'comm_open', 'comm_msg', 'comm_close'];

interface Insides {
  _ws?: unknown;
  _futures?: unknown;
  _pendingMessages?: unknown;
  _sendMessage?: (msg: unknown) => void;
}

/** The socket of a line; not in its interface, so that it may be undefined. */
const socketOf = (line: unknown): unknown => (line as Insides)._ws;

/** Whether an attempt to connect is under way. */
const isConnecting = (line: unknown): boolean => (socketOf(line) as WebSocket | null | undefined)?.readyState === 0;

async function isDone(future: Kernel.IShellFuture): Promise<boolean> {
  const ended = future.done.then(
    () => true,
    () => true
  );
  return Promise.race([ended, new Promise<boolean>(resolve => setTimeout(resolve, 0, false))]);
}

/** A socket that closes swallows what was said into it. The server takes each request once, so it is said again. */
async function sayAgain(kernel: Kernel.IKernelConnection): Promise<void> {
  const { _futures: futures, _pendingMessages: waiting } = kernel as Insides;
  if (!(futures instanceof Map) || !Array.isArray(waiting) || !(await isConnected(kernel))) {
    return;
  }
  for (const future of [...futures.values()] as Kernel.IShellFuture[]) {
    const { msg } = future;
    if (CHANGING.includes(msg.header.msg_type) && !(await isDone(future)) && !waiting.includes(msg)) {
      (kernel as Insides)._sendMessage?.(msg);
    }
  }
}

/** All of the page's kernels and terminals. */
export class Lines {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly session: Session
  ) {
    session.changed.connect(() => this.look());
    session.returned.connect((_, { moved }) => void this.reconnect(moved));
  }

  /** Remember the sockets that lead to a server which does not serve any more. */
  private look(): void {
    if (this.session.serving) {
      this._old = null;
    } else if (!this._old) {
      this._old = new Set(this.lines().map(socketOf));
      this.lines().forEach(mindOwnSocket);
    }
  }

  /**
   * Connect them all. After a move also those that look connected, since a proxy keeps the old server's connections
   * open until that server ends; but none that is new already. Done when every line is connected, or after 20 s.
   */
  private async reconnect(moved: boolean): Promise<void> {
    const mine = ++this._current;
    const old = this._old;
    const isOld = (line: Line) => moved && (!old || old.has(socketOf(line)));
    this.lines()
      .filter(line => line.connectionStatus !== 'connected' || isOld(line))
      .forEach(reconnect);
    if (this.session.facts.again) {
      connectionsOf(this.app).forEach(kernel => void sayAgain(kernel));
    }
    void refresh(this.app.serviceManager);
    for (let round = 1; round <= ROUNDS; round++) {
      await new Promise(resolve => setTimeout(resolve, ROUND_MS));
      const missing = this.lines().filter(line => line.connectionStatus !== 'connected');
      if (mine !== this._current || missing.length === 0) {
        return;
      }
      missing.filter(line => round % PATIENCE === 0 || !isConnecting(line)).forEach(reconnect);
    }
  }

  private lines(): Line[] {
    return [...connectionsOf(this.app), ...terminals(this.app)].filter(line => !line.isDisposed);
  }

  private _old: Set<unknown> | null = null;
  /** A newer call takes over from the rounds of an older one. */
  private _current = 0;
}
