import { describe, expect, it } from 'vitest';

import { readFacts, readKept, readMessage } from '../src/wire';

describe('what comes from outside', () => {
  it('is no message without a type', () => {
    expect(['', 'x', '[]', 'null', '{}', '{"type": 3}'].map(readMessage)).toEqual(Array(6).fill(null));
  });

  it('brings only the facts that it names', () => {
    expect(readMessage('{"type": "saved", "now": 7, "at_risk": []}')).toEqual({
      type: 'saved',
      now: 7,
      facts: { at_risk: [] }
    });
  });

  it('takes a shape that it should not have as if it were empty', () => {
    const facts = readFacts({ saved: 'yes', covered: 3, at_risk: [null, 7], notice: [], report: {}, state: 'odd' });
    expect(facts).toEqual({ saved: null, covered: [], at_risk: [], notice: null, report: null, state: 'running' });
  });

  it('reads a whole report', () => {
    const lost = [{ name: 'c', reason: 'r', execution_count: 3 }];
    const kernels = [{ kernel: 'k', path: 'a', saved: ['x', 'y'], lost }];
    const files = { excluded: [{ path: 'p', reason: 'big' }] };
    const { report } = readFacts({ report: { at: 1, kernels, files } });
    expect(report?.kernels[0]).toMatchObject({ saved: 2, rerun: [], lost });
    expect(report?.excluded).toEqual([{ path: 'p', reason: 'big' }]);
  });

  it('reads kept snapshots', () => {
    const kernels = [{ kernel: 'k', path: 'a', execution_count: 4 }];
    expect(readKept({ snapshots: [{ snapshot: 's', at: 1, kernels }] })[0]).toMatchObject({ snapshot: 's', kernels });
    expect(readKept({ error: 'x' })).toEqual([]);
  });
});
