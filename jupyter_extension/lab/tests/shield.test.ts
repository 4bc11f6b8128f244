import { describe, expect, it } from 'vitest';

import { isForeign } from '../src/shield';

const BASE = 'http://hub/user/x/';
const KERNEL = `${BASE}api/kernels/1`;
const SURE = { redirected: false, unsigned: false, serving: true, method: 'GET' };
const foreign = (status: number, url = KERNEL, otherwise: Partial<typeof SURE> = {}) => {
  const { redirected, unsigned, serving, method } = { ...SURE, ...otherwise };
  return isForeign(method, { status, url, redirected }, BASE, unsigned, serving);
};

describe('an answer', () => {
  it('is foreign if it came from outside of the session', () => {
    expect(foreign(200, 'http://hub/hub/login', { redirected: true })).toBe(true);
    expect(foreign(200, `${BASE}lab`, { redirected: true })).toBe(false);
  });

  it('is not believed to say no while the session is away', () => {
    for (const status of [401, 403, 404]) {
      expect(foreign(status, KERNEL, { serving: false })).toBe(true);
      expect(foreign(status)).toBe(false);
    }
    expect(foreign(503, KERNEL, { serving: false })).toBe(false);
  });

  it('is not believed to say no without the signature of the session', () => {
    expect(foreign(403, KERNEL, { unsigned: true })).toBe(true);
    expect(foreign(404, `${BASE}static/x.js`, { unsigned: true })).toBe(false);
    expect(foreign(200, KERNEL, { unsigned: true })).toBe(false);
  });

  it('is not believed to list what there is before everything is there', () => {
    for (const list of ['kernels', 'sessions?1795740688218', 'terminals']) {
      expect(foreign(200, `${BASE}api/${list}`, { serving: false })).toBe(true);
      expect(foreign(200, `${BASE}api/${list}`)).toBe(false);
      expect(foreign(200, `${BASE}api/${list}`, { serving: false, method: 'POST' })).toBe(false);
    }
    expect(foreign(200, `${BASE}api/kernelspecs`, { serving: false })).toBe(false);
  });

  it('is believed to say yes', () => {
    expect(foreign(200, KERNEL, { serving: false })).toBe(false);
  });
});
