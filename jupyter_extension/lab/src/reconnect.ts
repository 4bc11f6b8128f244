/**
 * Connects everything on the page as soon as the session is back, not after Jupyter's 10 to 30 s of back-off.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { ServiceManager } from '@jupyterlab/services';

import { sayAgain } from './again';
import { connectionsOf, isConnecting, Line, socketOf, terminalsOf } from './lines';
import { mindOwnSocket } from './ownSocket';
import { Session } from './session';

const ROUNDS = 20;
const ROUND_MS = 1000;
/** So many rounds an attempt has before another one takes its place: a server that has just come up is slow. */
const PATIENCE = 5;

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

/** All of the page's kernels and terminals. */
export class Reconnection {
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
    return [...connectionsOf(this.app), ...terminalsOf(this.app)].filter(line => !line.isDisposed);
  }

  private _old: Set<unknown> | null = null;
  /** A newer call takes over from the rounds of an older one. */
  private _current = 0;
}
