/**
 * What the page knows about its session, gathered from the feed: the one source for all that is shown.
 */
import { ISignal, Signal } from '@lumino/signaling';

import { Feed } from './feed';
import { Facts, Message, NO_LIMITS, NO_OFFERS } from './wire';

/** How a return ended: another server answers, or the same one after a gap. */
export interface Return {
  moved: boolean;
}

const NOTHING: Facts = {
  enabled: false,
  session: '',
  server_id: '',
  state: 'running',
  saved: null,
  covered: [],
  at_risk: [],
  notice: null,
  report: null,
  problem: null,
  limits: NO_LIMITS,
  rooms: '',
  runner: '',
  resume: '',
  offers: NO_OFFERS,
  again: false
};

/** After somebody asked for a session that rests, for so long it may still be said to rest. */
const AWAKING_MS = 5000;

export class Session {
  constructor(readonly feed: Feed) {
    feed.heard.connect((_, message) => this.hear(message));
    feed.linkChanged.connect((_, link) => {
      if (link === 'down') {
        this.downSince = this.downSince ?? Date.now();
      }
      this.settle();
    });
  }

  /** Facts as last heard; they stay while the server is away. */
  facts: Facts = NOTHING;
  /** When the server was last lost, in the page's milliseconds; null while it is there. */
  downSince: number | null = null;
  /** Whether the last loss had been announced: a move, and not an accident. */
  expected = false;
  /** When the session last came back on another server, in the page's milliseconds. */
  movedAt: number | null = null;

  /** Whether documents were kept in rooms of a server that has gone; only a page that is loaded again has new ones. */
  roomless = false;

  /** Whether the session was put away, so that only its user brings it back; or is being brought back. */
  rest: 'no' | 'resting' | 'resuming' = 'no';

  /** Whether the session's own server lets this page in no more: its user has logged out. */
  out = false;

  /** Something that a view may show has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The session answers again after a gap, or from another server. */
  get returned(): ISignal<this, Return> {
    return this._returned;
  }

  /** Whether there ever was an extension to listen to. */
  get watched(): boolean {
    return this.facts.enabled;
  }

  /** Whether requests can be served and what they write stays. Where nobody watches, this is plain Jupyter. */
  get serving(): boolean {
    if (!this.watched || this.feed.link === 'off') {
      return true;
    }
    return this.feed.link === 'up' && this.facts.state === 'running';
  }

  /** The server's clock now, in Unix seconds. */
  get serverNow(): number {
    return Date.now() / 1000 + this._ahead;
  }

  /** Done as soon as the session serves. */
  ready(): Promise<void> {
    if (this.serving) {
      return Promise.resolve();
    }
    return new Promise(resolve => this._waiting.push(resolve));
  }

  /** Whether the session stops serving, or is served by another server than `server`, within `ms` milliseconds. */
  async leaves(server: string, ms: number): Promise<boolean> {
    const gone = () => !this.serving || this.facts.server_id !== server;
    for (const end = Date.now() + ms; !gone() && Date.now() < end; ) {
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    return gone();
  }

  /** Somebody asks for the session: until it is known that it does not come, it is on its way. */
  async resume(ask: (url: string) => Promise<void>): Promise<void> {
    this._resumed = Date.now();
    this.turn('resuming');
    try {
      await ask(this.facts.resume);
      this.feed.hurry();
    } catch (reason) {
      this.turn('resting');
      throw reason;
    }
  }

  /** An answer came that is not the session's, though the line looks well: see whether it is. */
  doubt(): void {
    if (this.serving) {
      this.feed.renew();
    }
  }

  private turn(rest: Session['rest']): void {
    this.rest = rest;
    this._changed.emit();
  }

  private hear(message: Message): void {
    this.hearOfRest(message.type);
    const { server_id: before, state } = this.facts;
    this.facts = { ...this.facts, ...message.facts };
    if (message.now) {
      this._ahead = message.now - Date.now() / 1000;
    }
    if (message.type === 'hello') {
      this._moved = this._moved || (before !== '' && before !== this.facts.server_id);
      this._back = this._back || before !== '';
    }
    // A freeze has closed the kernels' connections, so a move that is called off is a return as well.
    this._back = this._back || state !== 'running';
    this.expected = this.facts.notice !== null || this.facts.state !== 'running';
    if (message.type === 'moved' || this.facts.state === 'fenced') {
      this.downSince = this.downSince ?? Date.now();
      this.expected = true;
      if (message.type === 'moved') {
        this.feed.renew();
      } else {
        this.feed.attend();
      }
    }
    this.settle();
  }

  private hearOfRest(type: string): void {
    this.out = type === 'refused';
    if (type === 'hello') {
      this.rest = 'no';
    } else if (type === 'resting' && Date.now() - this._resumed > AWAKING_MS) {
      this.rest = 'resting';
    } else if (type === 'moving' && this.rest === 'resting') {
      this.rest = 'resuming';
    }
  }

  private settle(): void {
    if (this.serving && this._back) {
      this.comeBack();
    }
    if (this.serving) {
      this._waiting.splice(0).forEach(resolve => resolve());
    }
    this._changed.emit();
  }

  private comeBack(): void {
    const moved = this._moved;
    this._back = this._moved = false;
    this.expected = this.facts.notice !== null;
    this.downSince = null;
    this.movedAt = moved ? Date.now() : this.movedAt;
    this.roomless = this.roomless || (moved && this.facts.rooms !== '');
    this._returned.emit({ moved });
  }

  private _ahead = 0;
  private _resumed = 0;
  private _moved = false;
  private _back = false;
  private _waiting: (() => void)[] = [];
  private readonly _changed = new Signal<this, void>(this);
  private readonly _returned = new Signal<this, Return>(this);
}
