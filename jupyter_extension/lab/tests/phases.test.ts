import { describe, expect, it } from 'vitest';

import { newsOf, phaseOf, reportId, View } from '../src/phases';
import { mark } from '../src/title';
import { readFacts, Report } from '../src/wire';

const NOW = 1_000_000_000;
const CALM: View = {
  link: 'up',
  state: 'running',
  notice: null,
  problem: null,
  report: null,
  downSince: null,
  expected: false,
  rest: 'no',
  resumable: false,
  out: false,
  movedAt: null,
  offline: false,
  serverNow: NOW / 1000,
  limits: { idle: null, age: null },
  roomless: false
};

const phase = (view: Partial<View>, dismissed = '') => phaseOf({ ...CALM, ...view }, NOW, dismissed);

function report(kernel: object = {}): Report {
  const kernels = [{ kernel: 'k', path: 'a.ipynb', ...kernel }];
  return readFacts({ report: { at: 5, snapshot: 'abc', kernels } }).report!;
}

describe('the phase', () => {
  it('is quiet when nothing is wrong, or nobody is there', () => {
    expect(phase({})).toEqual({ kind: 'quiet' });
    expect(phase({ link: 'off', state: 'fenced', downSince: 0 })).toEqual({ kind: 'quiet' });
    expect(phase({ link: 'opening' })).toEqual({ kind: 'quiet' });
  });

  it('counts down to the deadline and not below', () => {
    const notice = { cause: 'drain', deadline: NOW / 1000 + 30 };
    expect(phase({ notice })).toEqual({ kind: 'notice', cause: 'drain', seconds: 30 });
    expect(phase({ notice, serverNow: NOW / 1000 + 99 })).toMatchObject({ seconds: 0 });
    expect(phase({ notice: { cause: 'idle', deadline: null } })).toMatchObject({ seconds: null });
  });

  it('speaks of a culler only when its limit is near, and of the nearer one', () => {
    const limits = (idle: number | null, age: number | null) => ({
      limits: { idle: idle && NOW / 1000 + idle, age: age && NOW / 1000 + age }
    });
    expect(phase(limits(601, 3600))).toEqual({ kind: 'quiet' });
    expect(phase(limits(300, null))).toEqual({ kind: 'limit', cause: 'idle', seconds: 300 });
    expect(phase(limits(300, 200))).toEqual({ kind: 'limit', cause: 'age', seconds: 200 });
    const notice = { cause: 'drain', deadline: null };
    expect(phase({ ...limits(300, null), notice }).kind).toBe('notice');
    expect(mark(phase(limits(300, null)))).toBe('(5m) ');
    expect(newsOf(phase(limits(299, null)))).not.toBe(newsOf(phase(limits(29, null))));
  });

  it('says that its user is logged out, and nothing of an outage', () => {
    expect(phase({ out: true, link: 'down', downSince: NOW - 5000 })).toEqual({ kind: 'out' });
  });

  it('asks for a reload where the documents lost their rooms', () => {
    expect(phase({ roomless: true }).kind).toBe('reload');
    expect(phase({ roomless: true, link: 'down', downSince: NOW - 5000 }).kind).toBe('away');
  });

  it('lets a short gap pass, unless it was announced', () => {
    expect(phase({ link: 'down', downSince: NOW - 500 })).toEqual({ kind: 'quiet' });
    expect(phase({ link: 'down', downSince: NOW - 500, expected: true }).kind).toBe('away');
    expect(phase({ link: 'down', downSince: NOW - 1500 })).toMatchObject({ kind: 'away', seconds: 1.5 });
  });

  it('follows the server through freezing and restoring', () => {
    expect(phase({ state: 'freezing' }).kind).toBe('freezing');
    expect(phase({ state: 'frozen' }).kind).toBe('freezing');
    expect(phase({ state: 'frozen', problem: 'the store is away' }).kind).toBe('held');
    expect(phase({ state: 'running', problem: 'the store is away' }).kind).toBe('quiet');
    const notice = { cause: 'drain', deadline: null };
    expect(phase({ state: 'frozen', problem: 'the store is away', notice }).kind).toBe('freezing');
    expect(phase({ state: 'standby' }).kind).toBe('restoring');
    expect(phase({ state: 'restoring' }).kind).toBe('restoring');
    expect(phase({ state: 'fenced', expected: true }).kind).toBe('away');
  });

  it('says that a session rests, whatever else it knows of it', () => {
    const gone = { link: 'down', downSince: NOW - 5000, state: 'fenced' } as const;
    expect(phase({ ...gone, rest: 'resting', resumable: true })).toEqual({ kind: 'resting', offer: true });
    expect(phase({ ...gone, rest: 'resting', offline: true })).toEqual({ kind: 'resting', offer: false });
    expect(phase({ ...gone, rest: 'resuming' })).toEqual({ kind: 'resuming' });
  });

  it('tells of a move for a few seconds', () => {
    expect(phase({ movedAt: NOW - 1000, report: report() })).toEqual({ kind: 'back', complete: true });
    expect(phase({ movedAt: NOW - 1000 })).toEqual({ kind: 'back', complete: false });
    expect(phase({ movedAt: NOW - 9000, report: report() })).toEqual({ kind: 'quiet' });
  });

  it('tells of losses until they are put away', () => {
    const lossy = report({ lost: [{ name: 'conn', reason: 'a socket' }] });
    expect(phase({ report: lossy }).kind).toBe('losses');
    expect(phase({ report: lossy }, reportId(lossy))).toEqual({ kind: 'quiet' });
  });
});

describe('what is news to a listener', () => {
  it('is not each second of a countdown', () => {
    const at = (seconds: number) => newsOf({ kind: 'notice', cause: 'drain', seconds });
    expect(at(300)).toBe(at(61));
    expect(at(61)).not.toBe(at(60));
    expect(at(29)).toBe(at(11));
    expect(at(11)).not.toBe(at(10));
  });
});

describe('the mark in the title', () => {
  it('is short, and absent when all is well', () => {
    expect(mark({ kind: 'notice', cause: '', seconds: 25 })).toBe('(25s) ');
    expect(mark({ kind: 'notice', cause: '', seconds: 185 })).toBe('(3m) ');
    expect(mark({ kind: 'away', seconds: 1, expected: true, offline: false })).toBe('(…) ');
    expect(mark({ kind: 'quiet' })).toBe('');
    expect(mark({ kind: 'back', complete: true })).toBe('');
  });
});
