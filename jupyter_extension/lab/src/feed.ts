/**
 * The page's own line to the server extension.
 *
 * A websocket and not server-sent events: when the server behind a proxy dies, its websockets close at once, while a
 * streamed answer hangs for most of a minute. That makes the closing itself the first sign that a machine has gone.
 */
import { ISignal, Signal } from '@lumino/signaling';

import { Facts, Message, readMessage, Whereabouts } from './wire';

/** What the feed needs of a browser's WebSocket. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

/** How the feed reaches its server. `status` gives null where a server without the extension answers; else throws. */
export interface Wiring {
  open(): Socket;
  status(): Promise<Partial<Facts> | null>;
  /** Who answers while the line cannot be had. Never throws. */
  whereabouts(): Promise<Whereabouts>;
}

/** `off`: nothing to talk to. `opening`: never spoken yet. `up` and `down` as they say. */
export type Link = 'off' | 'opening' | 'up' | 'down';

/** Seconds from a failed attempt to the next: quick while a move is likely, sparing when it is not. */
export function retryDelay(downFor: number, chance: number): number {
  if (downFor < 120) {
    return 0.3 + 0.3 * chance;
  }
  return downFor < 900 ? 2 + chance : 10 + 5 * chance;
}

/** An attempt that neither opens nor fails in this time is given up. A look after a silence takes no longer either. */
const PATIENCE_MS = 5000;
/** After this silence the page looks whether the server behind the line is still there, and still the one routed to. */
const SILENCE_MS = 10000;
/** Behind a server that is not the session's any more it looks so often; so long it waits for that server's word. */
const ATTENTIVE_MS = 1000;
const TRUST_MS = 30000;
/** How often a first `status` is asked for before the page takes it that there is no extension. */
const FIRST_ATTEMPTS = 10;
/** While away, at the first of every so many attempts the page looks who answers instead. */
const LOOK_EVERY = 8;

export class Feed {
  constructor(private readonly wiring: Wiring) {}

  get link(): Link {
    return this._link;
  }

  get linkChanged(): ISignal<this, Link> {
    return this._linkChanged;
  }

  get heard(): ISignal<this, Message> {
    return this._heard;
  }

  /** Ask whether there is anything to listen to; if so, listen for as long as the page lives. */
  async start(): Promise<void> {
    for (let attempt = 1; attempt <= FIRST_ATTEMPTS && !this._stopped; attempt++) {
      try {
        const facts = await this.wiring.status();
        return facts?.enabled ? this.listen() : this.stop();
      } catch {
        await new Promise(resolve => setTimeout(resolve, 2000 * attempt));
      }
    }
    this.stop();
  }

  /** Leave this connection for a new one, at once: the route leads elsewhere, or may do. */
  renew(): void {
    this._drop?.(0);
  }

  /** Try again quickly: there is a reason to hope. */
  hurry(): void {
    this._since = Date.now();
    this._attempts = 0;
    if (this._drop) {
      this._drop(0);
    } else {
      clearTimeout(this._timer);
      this.retry(0);
    }
  }

  /** The server here is not the session's any more, and says when the way is open. Should it not, a look finds out. */
  attend(): void {
    this._attend?.();
  }

  /** Listen no more. */
  stop(): void {
    this._stopped = true;
    clearTimeout(this._timer);
    this._drop?.();
    this.setLink('off');
  }

  private listen(): void {
    const socket = this.wiring.open();
    let watch: ReturnType<typeof setTimeout>;
    let over = false;
    let silence = SILENCE_MS;
    let trusted = 0;
    const wait = () => {
      clearTimeout(watch);
      watch = setTimeout(look, silence);
    };
    const drop = (delay?: number) => {
      if (!over) {
        over = true;
        this._drop = this._attend = undefined;
        clearTimeout(watch);
        socket.onmessage = socket.onclose = socket.onerror = null;
        socket.close();
        this.retry(delay);
      }
    };
    const look = async () => {
      const there = await this.stillThere();
      if (there === false || (there === null && Date.now() > trusted)) {
        drop();
      } else if (!over) {
        wait();
      }
    };
    watch = setTimeout(drop, PATIENCE_MS);
    socket.onclose = socket.onerror = () => drop();
    socket.onmessage = event => {
      wait();
      const hello = this.receive(String(event.data));
      if (hello && !over) {
        this.setLink('up');
      }
    };
    this._drop = drop;
    this._attend = () => {
      if (!trusted) {
        trusted = Date.now() + TRUST_MS;
        silence = ATTENTIVE_MS;
        wait();
      }
    };
  }

  /** Tell what was heard; whether it was the greeting, after which the line counts as up. */
  private receive(data: string): boolean {
    const message = readMessage(data);
    const hello = message?.type === 'hello';
    if (message && (hello || this._link === 'up')) {
      this._server = message.facts.server_id ?? this._server;
      this._heard.emit(message);
    }
    return hello;
  }

  /** Whether the route leads to the server behind this line; null if nobody answers, or not for the session. */
  private async stillThere(): Promise<boolean | null> {
    const patience = new Promise<null>(resolve => setTimeout(resolve, PATIENCE_MS, null));
    try {
      const facts = await Promise.race([this.wiring.status(), patience]);
      if (!facts) {
        return null;
      }
      if (facts.server_id !== this._server) {
        return false;
      }
      if (facts.limits) {
        this._heard.emit({ type: 'limits', now: null, facts: { limits: facts.limits } });
      }
      return true;
    } catch {
      return null;
    }
  }

  private retry(delay?: number): void {
    if (this._stopped) {
      return;
    }
    const lived = this._link === 'up' && Date.now() - this._since > 2000;
    if (this._link === 'up') {
      this._attempts = 0;
      this.setLink('down');
    }
    const downFor = (Date.now() - this._since) / 1000;
    const wait = delay ?? (lived ? 0.05 : retryDelay(downFor, Math.random()));
    this._timer = setTimeout(() => this.attempt(), 1000 * wait);
  }

  private attempt(): void {
    this._attempts += 1;
    if (this._attempts % LOOK_EVERY === 1) {
      void this.lookAround();
    }
    this.listen();
  }

  /** A server without the extension answers: nobody will ever come back here. A session that rests needs its user. */
  private async lookAround(): Promise<void> {
    const where = await this.wiring.whereabouts();
    if (this._link !== 'down') {
      return;
    }
    if (where === 'plain') {
      this.stop();
    } else if (where !== 'unknown') {
      this._heard.emit({ type: where, now: null, facts: {} });
    }
  }

  private setLink(link: Link): void {
    if (link !== this._link) {
      this._link = link;
      this._since = Date.now();
      this._linkChanged.emit(link);
    }
  }

  private _link: Link = 'opening';
  private _since = Date.now();
  private _server = '';
  private _attempts = 0;
  private _stopped = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _drop: ((delay?: number) => void) | undefined;
  private _attend: (() => void) | undefined;
  private readonly _linkChanged = new Signal<this, Link>(this);
  private readonly _heard = new Signal<this, Message>(this);
}
