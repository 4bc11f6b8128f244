import { describe, expect, it } from 'vitest';

import { samePlace } from '../src/offers';
import { readCopy, readFacts } from '../src/wire';

const COPY = 'https://b.example.org/user/x-copy-1/?token=abc';

describe('the place of this page in another server', () => {
  it.each([
    ['/user/x/lab', 'a b.ipynb', '/user/x-copy-1/lab/tree/a%20b.ipynb'],
    ['/user/x/lab/workspaces/auto-Q/tree/a.ipynb', 'sub/c.ipynb', '/user/x-copy-1/lab/tree/sub/c.ipynb'],
    ['/user/x/lab', '', '/user/x-copy-1/lab'],
    ['/user/x/notebooks/a.ipynb', '', '/user/x-copy-1/notebooks/a.ipynb'],
    ['/elsewhere', '', '/user/x-copy-1/']
  ])('%s with %s in front', (path, document, wanted) => {
    expect(samePlace(COPY, '/user/x/', path, document)).toBe(`https://b.example.org${wanted}?token=abc`);
  });
});

describe('what a server says of copies and machines', () => {
  it('is read as it is', () => {
    expect(readCopy({ state: 'ready', url: COPY, reason: '' }).url).toBe(COPY);
    expect(readCopy({ state: 'starting', reason: 'no room' })).toEqual({
      state: 'starting',
      url: '',
      reason: 'no room'
    });
    const offers = { copies: 2, profiles: [{ name: 'large', title: '4 GB' }], profile: 'small' };
    expect(readFacts({ offers }).offers).toEqual(offers);
  });

  it('is no offer, and no way, where it makes no sense', () => {
    expect(readCopy({ state: 'ready', url: 'javascript:alert(1)' }).state).toBe('failed');
    expect(readCopy('odd').state).toBe('failed');
    expect(readFacts({ offers: 'all' }).offers).toEqual({ copies: 0, profiles: [], profile: '' });
  });
});
