/**
 * Documents that are kept in rooms on the server (jupyter-collaboration): such a room does not move, and its page takes
 * an edit for saved that it has sent to nobody. What was typed since is written here, past the room, before the page is
 * loaded again. A file is overwritten only if it is still what this page had when the room went: others may have typed
 * too. Else a copy is made.
 */
import { JupyterFrontEnd } from '@jupyterlab/application';
import { Contents, ServerConnection } from '@jupyterlab/services';
import { URLExt } from '@jupyterlab/coreutils';
import { JSONExt, PartialJSONValue } from '@lumino/coreutils';

import { Session } from './session';

interface Model {
  toJSON(): PartialJSONValue;
  toString(): string;
}

interface Shown {
  context?: { path: string; contentsModel: Contents.IModel | null; model: Model };
}

interface Document {
  path: string;
  type: string;
  content: PartialJSONValue;
}

export class Rooms {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly session: Session
  ) {
    session.changed.connect(() => this.look());
  }

  /** Write what was typed since the room went; then load the page again. */
  async leave(): Promise<void> {
    await Promise.all(this.documents().map(each => this.write(each)));
    // All is written: the browser need not ask whether to give up what the room never took. The last one's word counts.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else takes back what another listener asked
    window.addEventListener('beforeunload', event => (event.returnValue = ''));
    window.location.reload();
  }

  /** Remember the documents as they stand when the room goes. */
  private look(): void {
    if (!this.session.facts.rooms || this.session.roomless) {
      return;
    }
    if (this.session.serving) {
      this._before = null;
    } else {
      this._before ??= new Map(this.documents().map(each => [each.path, each.content]));
    }
  }

  private documents(): Document[] {
    const shown = [...this.app.shell.widgets('main')] as Shown[];
    return shown.flatMap(({ context }) => {
      if (!context?.contentsModel) {
        return [];
      }
      const notebook = context.contentsModel.type === 'notebook';
      const content = notebook ? context.model.toJSON() : context.model.toString();
      const path = context.path.slice(context.path.indexOf(':') + 1);
      return [{ path, type: notebook ? 'notebook' : 'file', content }];
    });
  }

  private async write({ path, type, content }: Document): Promise<void> {
    const before = this._before?.get(path);
    const now = (await this.request(path, 'GET')) as { content?: PartialJSONValue } | null;
    const file = now?.content ?? null;
    if (JSONExt.deepEqual(file, content)) {
      return;
    }
    if (before !== undefined && JSONExt.deepEqual(before, content) && file !== null) {
      return; // nothing was typed here since: what stands in the file is newer, or others'
    }
    const safe = before !== undefined && JSONExt.deepEqual(file, before);
    const body = { type, format: type === 'notebook' ? 'json' : 'text', content };
    await this.request(safe || file === null ? path : beside(path, new Date()), 'PUT', body);
  }

  /** A call of the contents API itself: the page's own manager would give it to the room. */
  private async request(path: string, method: string, body?: object): Promise<unknown> {
    const { serverSettings } = this.app.serviceManager;
    const url = URLExt.join(serverSettings.baseUrl, 'api/contents', URLExt.encodeParts(path));
    const init = body ? { method, body: JSON.stringify(body) } : { method };
    const response = await ServerConnection.makeRequest(url, init, serverSettings);
    if (response.status === 404) {
      return null;
    }
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    return response.json();
  }

  private _before: Map<string, PartialJSONValue> | null = null;
}

/** `a (typed at 14-05-09).ipynb`. */
export function beside(path: string, at: Date): string {
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(n => String(n).padStart(2, '0')).join('-');
  const dot = path.lastIndexOf('.');
  const end = dot > path.lastIndexOf('/') + 1 ? dot : path.length;
  return `${path.slice(0, end)} (typed at ${time})${path.slice(end)}`;
}
