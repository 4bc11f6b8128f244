/** A server that a test scripts: which sockets are open, what `status` answers, who hears what. */
import { Socket, Wiring } from '../src/feed';
import { Facts, Whereabouts } from '../src/wire';

export class ScriptedSocket implements Socket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;

  close(): void {
    this.closed = true;
  }

  say(type: string, fields: object = {}): void {
    this.onmessage?.({ data: JSON.stringify({ type, now: Date.now() / 1000, ...fields }) });
  }
}

export class ScriptedServer implements Wiring {
  sockets: ScriptedSocket[] = [];
  /** What `status` answers; an Error is thrown. */
  answer: Partial<Facts> | null | Error = { enabled: true, server_id: 'one' };
  /** Who answers while the line cannot be had; `plain` where `answer` is null. */
  where: Whereabouts = 'unknown';
  asked = 0;

  open(): Socket {
    const socket = new ScriptedSocket();
    this.sockets.push(socket);
    return socket;
  }

  status(): Promise<Partial<Facts> | null> {
    this.asked += 1;
    return this.answer instanceof Error ? Promise.reject(this.answer) : Promise.resolve(this.answer);
  }

  whereabouts(): Promise<Whereabouts> {
    return Promise.resolve(this.answer === null ? 'plain' : this.where);
  }

  /** The socket opened last. */
  get last(): ScriptedSocket {
    return this.sockets[this.sockets.length - 1]!;
  }

  hello(server = 'one', fields: object = {}): void {
    const calm = { enabled: true, state: 'running', notice: null, report: null };
    this.last.say('hello', { ...calm, server_id: server, ...fields });
  }
}
