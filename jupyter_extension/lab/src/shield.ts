/**
 * Jupyter gives a kernel up when it is told 403 or 404. While a session is on its way, such words come from a hub or a
 * proxy that does not know it (any more), and mean nothing: they become the 503 on which Jupyter tries again.
 */
import { ServerConnection } from '@jupyterlab/services';

import { Session } from './session';

const GIVING_UP = [401, 403, 404, 405];
/** Stands in every answer of a server that has the extension. */
export const SIGNATURE = 'X-Session-Migrator';

/** What is looked at in an answer. `unsigned`: the session's server signs its answers, and this one is not signed. */
export interface Answer {
  status: number;
  redirected: boolean;
  url: string;
  unsigned: boolean;
}

/**
 * Whether an answer is not the session's: its server is away, or the request was led to somewhere else, or a hub that
 * has just stopped the server says no in its place. Only Jupyter's own API is sure to be signed.
 */
export function isForeign(answer: Answer, baseUrl: string, serving: boolean): boolean {
  const elsewhere = answer.redirected && !answer.url.startsWith(baseUrl);
  const forged = answer.unsigned && answer.url.startsWith(`${baseUrl}api/`);
  return elsewhere || (GIVING_UP.includes(answer.status) && (forged || !serving));
}

/** Put the shield before every request of the page. */
export function shield(session: Session, settings: ServerConnection.ISettings): void {
  const { baseUrl, fetch } = settings;
  const root = new URL(baseUrl, window.location.href).href;
  let signs = false;
  const shielded: typeof fetch = async (input, init) => {
    const answer = await fetch.call(null, input, init);
    const signed = answer.headers.has(SIGNATURE);
    signs = signs || signed;
    const { status, redirected, url } = answer;
    const foreign = isForeign({ status, redirected, url, unsigned: signs && !signed }, root, session.serving);
    if (session.watched && session.feed.link !== 'off' && foreign) {
      session.doubt();
      return new Response(JSON.stringify({ message: 'The session is on its way.' }), { status: 503 });
    }
    return answer;
  };
  (settings as { fetch: typeof fetch }).fetch = shielded;
}
