/**
 * How this page reaches the server extension: the same settings, token and cookies as every other Jupyter request.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Socket, Wiring } from './feed';
import { SIGNATURE } from './shield';
import { Copy, Facts, Kept, readCopy, readFacts, readKept, Whereabouts } from './wire';

const ROOT = 'migrator';

/** An upload that the server expects. */
interface Begun {
  upload: string;
  piece: number;
}

/** A call to the extension that it refused; the message is the server's. */
export class CallError extends Error {}

export class ServerWiring implements Wiring {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  open(): Socket {
    const { wsUrl, appendToken, token, WebSocket } = this.settings;
    const query = appendToken && token ? `?token=${encodeURIComponent(token)}` : '';
    return new WebSocket(URLExt.join(wsUrl, ROOT, 'feed') + query) as Socket;
  }

  /** Null only if a Jupyter server answers and does not know us; a proxy's own 404 is an outage. */
  async status(): Promise<Partial<Facts> | null> {
    const response = await this.fetch('api/v1/status');
    return (await this.isPlain(response)) ? null : readFacts(await this.body(response));
  }

  async whereabouts(): Promise<Whereabouts> {
    try {
      const response = await this.fetch('api/v1/status');
      if (await this.isPlain(response)) {
        return 'plain';
      }
      if (response.status === 403 && response.headers.has(SIGNATURE)) {
        return 'refused';
      }
      const { error } = response.status === 503 ? ((await response.json()) as { error?: unknown }) : { error: '' };
      return error === 'resting' || error === 'moving' ? error : 'unknown';
    } catch {
      return 'unknown';
    }
  }

  /** Ask for a session that was put away. The answer cannot be read from here; the session's own address tells. */
  async resume(url: string): Promise<void> {
    await fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'omit', referrerPolicy: 'no-referrer' });
  }

  /** Where a page of the session can be had; whoever is logged in nowhere is asked there. */
  get loginUrl(): string {
    return this.settings.baseUrl;
  }

  /** Save now; done when durable. */
  async save(): Promise<void> {
    await this.body(await this.fetch('api/v1/snapshot', 'POST', {}));
  }

  async kept(): Promise<Kept[]> {
    return readKept(await this.body(await this.fetch('api/v1/snapshots')));
  }

  /** Put a kernel back to how it was in a kept checkpoint, or in the middle of the cell that this one interrupted. */
  async undo(kernel: string, snapshot: string, salvage = false): Promise<void> {
    const path = `api/v1/kernels/${encodeURIComponent(kernel)}/undo`;
    await this.body(await this.fetch(path, 'POST', { snapshot, salvage }));
  }

  /** Begin a copy of the session: its name. */
  async copy(): Promise<string> {
    const { copy } = (await this.body(await this.fetch('api/v1/copies', 'POST', {}))) as { copy?: unknown };
    return String(copy);
  }

  async copyState(name: string): Promise<Copy> {
    return readCopy(await this.body(await this.fetch(`api/v1/copies/${encodeURIComponent(name)}`)));
  }

  /** Ask for a machine of another kind; done when the move has begun. */
  async move(profile: string): Promise<void> {
    await this.body(await this.fetch('api/v1/move', 'POST', { profile }));
  }

  /** The user is here: no culler shall stop this session now. */
  async here(): Promise<void> {
    await this.body(await this.fetch('api/v1/here', 'POST', {}));
  }

  /** Where the session can be had as a file. A download carries no headers: what lets it in is in the address. */
  get downloadUrl(): string {
    const { baseUrl, token, appendToken } = this.settings;
    const xsrf = /\b_xsrf=([^;]*)/.exec(document.cookie)?.[1];
    const query = new URLSearchParams({ ...(token && appendToken ? { token } : {}), ...(xsrf ? { _xsrf: xsrf } : {}) });
    return `${URLExt.join(baseUrl, ROOT, 'api/v1/download')}?${query}`;
  }

  /** Begin an upload of so many bytes: its name, and the most bytes of one piece. */
  async beginUpload(bytes: number): Promise<Begun> {
    return (await this.body(await this.fetch('api/v1/uploads', 'POST', { bytes }))) as Begun;
  }

  async sendPiece(upload: string, offset: number, piece: Blob): Promise<void> {
    await this.body(await this.fetch(`api/v1/uploads/${upload}?offset=${offset}`, 'PUT', piece));
  }

  /** All is sent: bring it in. Done when it is in. */
  async endUpload(upload: string): Promise<void> {
    await this.body(await this.fetch(`api/v1/uploads/${upload}`, 'POST', {}));
  }

  async dropUpload(upload: string): Promise<void> {
    await this.body(await this.fetch(`api/v1/uploads/${upload}`, 'DELETE'));
  }

  private async isPlain(response: Response): Promise<boolean> {
    if (response.status !== 404) {
      return false;
    }
    const plain = await ServerConnection.makeRequest(URLExt.join(this.settings.baseUrl, 'api'), {}, this.settings);
    return plain.ok && typeof ((await plain.json()) as { version?: unknown }).version === 'string';
  }

  private fetch(path: string, method = 'GET', data?: object): Promise<Response> {
    const url = URLExt.join(this.settings.baseUrl, ROOT, path);
    const raw = data instanceof Blob;
    const init: RequestInit = data ? { method, body: raw ? data : JSON.stringify(data) } : { method };
    if (raw) {
      init.headers = { 'Content-Type': 'application/octet-stream' };
    }
    return ServerConnection.makeRequest(url, init, this.settings);
  }

  private async body(response: Response): Promise<unknown> {
    const body = (await response.json().catch(() => ({}))) as { message?: unknown };
    if (!response.ok) {
      const { status, statusText } = response;
      throw new CallError(typeof body.message === 'string' ? body.message : `${status} ${statusText}`);
    }
    return body;
  }
}
