import { describe, expect, it } from 'vitest';

import { isForeign } from '../src/shield';

const BASE = 'http://hub/user/x/';
const answer = (status: number, url = `${BASE}api/kernels/1`, redirected = false, unsigned = false) => ({
  status,
  url,
  redirected,
  unsigned
});

describe('an answer', () => {
  it('is foreign if it came from outside of the session', () => {
    expect(isForeign(answer(200, 'http://hub/hub/login', true), BASE, true)).toBe(true);
    expect(isForeign(answer(200, `${BASE}lab`, true), BASE, true)).toBe(false);
  });

  it('is not believed to say no while the session is away', () => {
    for (const status of [401, 403, 404]) {
      expect(isForeign(answer(status), BASE, false)).toBe(true);
      expect(isForeign(answer(status), BASE, true)).toBe(false);
    }
    expect(isForeign(answer(503), BASE, false)).toBe(false);
  });

  it('is not believed to say no without the signature of the session', () => {
    expect(isForeign(answer(403, undefined, false, true), BASE, true)).toBe(true);
    expect(isForeign(answer(404, `${BASE}static/x.js`, false, true), BASE, true)).toBe(false);
    expect(isForeign(answer(200, undefined, false, true), BASE, true)).toBe(false);
  });

  it('is believed to say yes', () => {
    expect(isForeign(answer(200), BASE, false)).toBe(false);
  });
});
