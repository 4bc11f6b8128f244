/**
 * Jupyter gives a kernel up when it is told 403 or 404, or when it is not in a list. While a session is on its way,
 * such words come from a hub or a proxy that does not know it (any more), or from a server that does not have its
 * kernels yet, and mean nothing: they become the 503 on which Jupyter tries again.
 */
import { ServerConnection } from '@jupyterlab/services';

import { Session } from './session';

const GIVING_UP = [401, 403, 404, 405];
const LIST = /\/api\/(kernels|sessions|terminals)(\?|$)/;
/** Stands in every answer of a server that has the extension. */
export const SIGNATURE = 'X-Session-Migrator';

/** What is looked at in an answer. */
export type Answer = Pick<Response, 'status' | 'redirected' | 'url'>;

/**
 * Whether an answer is not the session's: its server is away, or the request was led to somewhere else, or a hub that
 * has just stopped the server says no in its place. Only Jupyter's own API is sure to be signed.
 *
 * `unsigned`: the session's server signs its answers, and this one is not signed. `serving`: it comes from the server
 * that the page knows, and that has all there is.
 */
export function isForeign(
  method: string,
  answer: Answer,
  baseUrl: string,
  unsigned: boolean,
  serving: boolean
): boolean {
  const { status, redirected, url } = answer;
  const elsewhere = redirected && !url.startsWith(baseUrl);
  const forged = unsigned && url.startsWith(`${baseUrl}api/`);
  const final = GIVING_UP.includes(status) || (method === 'GET' && LIST.test(url));
  return elsewhere || (final && (forged || !serving));
}

/** Put the shield before every request of the page. */
export function shield(session: Session, settings: ServerConnection.ISettings): void {
  const { baseUrl, fetch } = settings;
  const root = new URL(baseUrl, window.location.href).href;
  let signs = false;
  const shielded: typeof fetch = async (input, init) => {
    const answer = await fetch.call(null, input, init);
    const signature = answer.headers.get(SIGNATURE);
    signs = signs || !!signature;
    const serving = session.serving && (!signature || signature === session.facts.server_id);
    const foreign = isForeign((input as Request).method, answer, root, signs && !signature, serving);
    if (session.watched && session.feed.link !== 'off' && foreign) {
      session.doubt();
      return new Response(JSON.stringify({ message: 'The session is on its way.' }), { status: 503 });
    }
    return answer;
  };
  (settings as { fetch: typeof fetch }).fetch = shielded;
}
