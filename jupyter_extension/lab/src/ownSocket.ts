/**
 * Jupyter asks for a kernel's state 10 to 30 s after its socket broke, and then breaks whichever socket the kernel has
 * by then: what a cell says just now would be lost. The close of an earlier socket is nothing to the present one.
 */

/** What lies behind a kernel's connection; not in its interface, so that it may not be there. */
interface Insides {
  _ws?: unknown;
  _onWSClose?: (event: { target: unknown }) => void;
}

const minding = new WeakSet();

/** From now on a line hears of the end of its own socket only. */
export function mindOwnSocket(line: object): void {
  const insides = line as Insides;
  const close = insides._onWSClose;
  if (typeof close !== 'function' || !('_ws' in line) || minding.has(line)) {
    return;
  }
  minding.add(line);
  insides._onWSClose = event => {
    if (event.target === insides._ws) {
      close(event);
    }
  };
}
