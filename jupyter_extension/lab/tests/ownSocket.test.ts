import { describe, expect, it, vi } from 'vitest';

import { mindOwnSocket } from '../src/ownSocket';

function kernel() {
  const closed = vi.fn<(event: { target: unknown }) => void>();
  return { _ws: {}, _onWSClose: closed, closed };
}

describe('a kernel', () => {
  it('hears of the end of its own socket, once', () => {
    const one = kernel();
    mindOwnSocket(one);
    mindOwnSocket(one);
    one._onWSClose({ target: one._ws });
    expect(one.closed).toHaveBeenCalledTimes(1);
  });

  it('hears nothing of the end of an earlier one', () => {
    const one = kernel();
    const former = one._ws;
    mindOwnSocket(one);
    one._ws = {};
    one._onWSClose({ target: former });
    expect(one.closed).not.toHaveBeenCalled();
  });

  it('is left alone where it is made in another way', () => {
    const one = { _onWSClose: vi.fn() };
    const before = one._onWSClose;
    mindOwnSocket(one);
    expect(one._onWSClose).toBe(before);
  });
});
