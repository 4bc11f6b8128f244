/**
 * Nothing that the user saves while the session is on its way is lost, and nothing is overwritten.
 *
 * While the session does not serve, requests for contents wait; Jupyter's own save begins with a look at the file, so a
 * file that changed meanwhile is found by Jupyter itself and its dialog asks. A save that was under way when the server
 * went is sent again only if the file is still as it was last seen: whether it arrived cannot be known otherwise.
 */
import { Contents, ServerConnection } from '@jupyterlab/services';

import { Session } from './session';

/** How long after a failed request the page waits for the sign that its server has gone. */
const SIGN_MS = 3000;
/** File systems report times loosely; Jupyter allows the same margin. */
const MARGIN_MS = 500;

const GATEWAY_STATUSES = [424, 502, 503, 504];

function isOutage(error: unknown): boolean {
  if (error instanceof ServerConnection.ResponseError) {
    return GATEWAY_STATUSES.includes(error.response.status);
  }
  return error instanceof ServerConnection.NetworkError || error instanceof TypeError;
}

/** What tells two versions of a file apart. */
type Version = Pick<Contents.IModel, 'last_modified'> & { hash?: string };

function same(one: Version, other: Version): boolean {
  if (one.hash && other.hash) {
    return one.hash === other.hash;
  }
  return Math.abs(Date.parse(one.last_modified) - Date.parse(other.last_modified)) <= MARGIN_MS;
}

type Get = Contents.IManager['get'];
type Save = Contents.IManager['save'];
type Method = (...args: unknown[]) => Promise<unknown>;

/** Requests that change something and cannot be repeated blindly: they only wait for their turn. */
const WAITING = ['newUntitled', 'delete', 'rename', 'copy', 'restoreCheckpoint', 'deleteCheckpoint'] as const;
/** Requests that may be sent again. */
const REPEATABLE = ['createCheckpoint', 'listCheckpoints'] as const;

export class HeldContents {
  constructor(
    private readonly session: Session,
    private readonly contents: Contents.IManager
  ) {}

  /** Put the waiting in front of a contents manager's requests. */
  install(): void {
    const methods = this.contents as unknown as { [name: string]: Method };
    const get = this.contents.get.bind(this.contents);
    const save = this.contents.save.bind(this.contents);
    for (const name of [...WAITING, ...REPEATABLE]) {
      const method = methods[name]!.bind(this.contents);
      const again = (REPEATABLE as readonly string[]).includes(name);
      methods[name] = (...args) => this.held(() => method(...args), again ? () => method(...args) : null);
    }
    this.contents.get = (...args) => this.get(get, args);
    this.contents.save = (...args) => this.save(get, save, args);
  }

  private async get(get: Get, args: Parameters<Get>): Promise<Contents.IModel> {
    const model = await this.held(() => get(...args), () => get(...args));
    this.seen.set(args[0], model);
    return model;
  }

  private async save(get: Get, save: Save, args: Parameters<Save>): Promise<Contents.IModel> {
    const [path] = args;
    const known = this.seen.get(path);
    const model = await this.held(
      () => save(...args),
      async error => {
        const now: Version = await get(path, { content: false, hash: true });
        if (!known || !same(known, now)) {
          throw error;
        }
        return save(...args);
      }
    );
    this.seen.set(path, model);
    return model;
  }

  /** Send when the session serves; if it turns out to have gone meanwhile, send `again` when it is back. */
  private async held<T>(send: () => Promise<T>, again: ((error: unknown) => Promise<T>) | null): Promise<T> {
    await this.session.ready();
    const server = this.session.facts.server_id;
    try {
      return await send();
    } catch (error) {
      if (!again || !this.session.watched || !isOutage(error) || !(await this.session.leaves(server, SIGN_MS))) {
        throw error;
      }
      await this.session.ready();
      return again(error);
    }
  }

  private readonly seen = new Map<string, Version>();
}
