import { describe, expect, it, vi } from 'vitest';

vi.mock('@jupyterlab/services', () => ({ ServerConnection: {} }));
vi.mock('@jupyterlab/coreutils', () => ({ URLExt: {} }));

const { beside } = await import('../src/rooms');

describe('a copy of what was typed', () => {
  it('lies beside the file, under its kind', () => {
    const at = new Date(2026, 0, 2, 3, 4, 5);
    expect(beside('a.ipynb', at)).toBe('a (typed at 03-04-05).ipynb');
    expect(beside('x.y/Makefile', at)).toBe('x.y/Makefile (typed at 03-04-05)');
    expect(beside('x/.profile', at)).toBe('x/.profile (typed at 03-04-05)');
  });
});
