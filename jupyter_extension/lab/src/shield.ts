/**
 * Jupyter gives a kernel up when it is told 403 or 404. While a session is on its way, such words come from a hub or a
 * proxy that does not know it (any more), and mean nothing: they become the 503 on which Jupyter tries again.
 */
import { ServerConnection } from '@jupyterlab/services';

import { Session } from './session';

const GIVING_UP = [401, 403, 404, 405];

/** Whether an answer is not the session's: its server is away, or the request was led to somewhere else. */
export function isForeign(
  answer: { status: number; redirected: boolean; url: string },
  baseUrl: string,
  serving: boolean
): boolean {
  const elsewhere = answer.redirected && !answer.url.startsWith(baseUrl);
  return elsewhere || (!serving && GIVING_UP.includes(answer.status));
}

/** Put the shield before every request of the page. */
export function shield(session: Session, settings: ServerConnection.ISettings): void {
  const { baseUrl, fetch } = settings;
  const root = new URL(baseUrl, window.location.href).href;
  const shielded: typeof fetch = async (input, init) => {
    const answer = await fetch.call(null, input, init);
    if (session.watched && session.feed.link !== 'off' && isForeign(answer, root, session.serving)) {
      return new Response(JSON.stringify({ message: 'The session is on its way.' }), { status: 503 });
    }
    return answer;
  };
  (settings as { fetch: typeof fetch }).fetch = shielded;
}
