/**
 * What each phase is called in the user's language: calm, in whole sentences, and true. Says what is safe, and what
 * goes on by itself.
 */
import { TranslationBundle } from '@jupyterlab/translation';

import { Phase } from './phases';
import { Report } from './wire';

/** How a banner looks: `calm` is news, `warn` asks for attention, `good` is good news. */
export type Tone = 'calm' | 'warn' | 'good';

export interface Words {
  text: string;
  tone: Tone;
}

/** "5 s", "3 min", "2 h": one unit is enough for a glance. */
export function duration(seconds: number, trans: TranslationBundle): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) {
    return trans.__('%1 s', s);
  }
  return s < 5400 ? trans.__('%1 min', Math.round(s / 60)) : trans.__('%1 h', Math.round(s / 3600));
}

/** "1.2 GB", in powers of 1000. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let value = bytes;
  for (; value >= 1000 && unit < units.length - 1; unit++) {
    value /= 1000;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** The time of day of a moment in Unix seconds. */
export function clock(at: number): string {
  return new Date(at * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** Why a machine goes, in the user's words. */
export function causeWords(cause: string, trans: TranslationBundle): string {
  const known: { [cause: string]: string } = {
    preemption: trans.__('the cloud takes this machine back'),
    drain: trans.__('this machine is being emptied'),
    idle: trans.__('the session has been idle'),
    age: trans.__('the session reaches its maximum age'),
    memory: trans.__('memory runs short'),
    maintenance: trans.__('maintenance'),
    manual: trans.__('a move was asked for')
  };
  return known[cause] ?? cause;
}

/** How many things a report names as lost, changed or left alone. */
export function countLosses(report: Report): number {
  const stopped = (k: Report['kernels'][number]) => (k.salvage && k.rerun.length === 0 ? 1 : 0);
  const kernels = report.kernels.map(k => k.lost.length + k.changed.length + k.skipped.length + stopped(k));
  const terminals = report.terminals.map(t => t.lost.length);
  return [...kernels, ...terminals, report.excluded.length].reduce((sum, n) => sum + n, 0);
}

function noticeWords(phase: Phase & { kind: 'notice' }, trans: TranslationBundle): string {
  if (phase.cause === 'memory' && phase.seconds === null) {
    return trans.__(
      'Memory runs short. When it is used up the system ends a kernel; what is saved by then can be brought back.'
    );
  }
  const cause = causeWords(phase.cause, trans) || trans.__('this machine goes away');
  if (phase.seconds === null) {
    return trans.__('This session moves to another machine soon (%1). You can go on working.', cause);
  }
  return trans.__(
    'This session moves to another machine in %1 (%2). You can go on working.',
    duration(phase.seconds, trans),
    cause
  );
}

function limitWords(phase: Phase & { kind: 'limit' }, trans: TranslationBundle): string {
  const left = duration(phase.seconds, trans);
  return phase.cause === 'idle'
    ? trans.__('Nobody has used this session for a while. In %1 it is saved and put to rest.', left)
    : trans.__('This session reaches its maximum age. In %1 it is saved and put to rest.', left);
}

function awayWords(phase: Phase & { kind: 'away' }, savedAt: number | null, trans: TranslationBundle): string {
  const saved = savedAt === null ? '' : ' ' + trans.__('Last saved at %1.', clock(savedAt));
  if (phase.offline) {
    return trans.__('This computer is offline. Your page is safe and goes on when it is online again.') + saved;
  }
  if (phase.seconds > 60) {
    return trans.__('It takes longer than usual to reach the session. Your page is safe; keep it open.') + saved;
  }
  return phase.expected
    ? trans.__('The machine of this session is being replaced. Your page is safe; it goes on by itself.')
    : trans.__('The machine of this session does not answer. Your page is safe; it goes on by itself.') + saved;
}

function restWords(phase: Phase & { kind: 'resting' }, savedAt: number | null, trans: TranslationBundle): string {
  const text =
    savedAt === null
      ? trans.__('This session was put to rest. It is saved.')
      : trans.__('This session was put to rest, and saved at %1.', clock(savedAt));
  const way = phase.offer
    ? trans.__('It goes on here, where you left it.')
    : trans.__('Keep this page open, and open its link again: both go on where you left them.');
  return `${text} ${way}`;
}

function outWords(savedAt: number | null, trans: TranslationBundle): string {
  const text =
    savedAt === null
      ? trans.__('You are logged out. Your session goes on without this page.')
      : trans.__('You are logged out. Your session goes on without this page, and was saved at %1.', clock(savedAt));
  return `${text} ${trans.__('Log in to come back to it.')}`;
}

function lossWords(report: Report, trans: TranslationBundle): string {
  const n = countLosses(report);
  if (n === 0) {
    return trans.__('The session was brought back from an earlier save.');
  }
  return trans._n('The session came back, except for %1 thing.', 'The session came back, except for %1 things.', n);
}

/** Text and tone of a phase; null when there is nothing to say. `savedAt` in Unix seconds. */
export function wordsOf(phase: Phase, savedAt: number | null, trans: TranslationBundle): Words | null {
  switch (phase.kind) {
    case 'quiet':
      return null;
    case 'notice':
      return { text: noticeWords(phase, trans), tone: 'warn' };
    case 'limit':
      return { text: limitWords(phase, trans), tone: 'warn' };
    case 'reload':
      return {
        text: trans.__('Your session has moved. Documents that are edited together need this page to be loaded again.'),
        tone: 'warn'
      };
    case 'freezing':
      return { text: trans.__('Saving the session for its move. Running cells pause for a moment.'), tone: 'warn' };
    case 'held':
      return {
        text: trans.__('Nothing can be saved now. The session stands still, and goes on by itself.'),
        tone: 'warn'
      };
    case 'away':
      return { text: awayWords(phase, savedAt, trans), tone: 'calm' };
    case 'resting':
      return { text: restWords(phase, savedAt, trans), tone: 'calm' };
    case 'out':
      return { text: outWords(savedAt, trans), tone: 'calm' };
    case 'resuming':
      return { text: trans.__('Your session is being brought back. This page goes on by itself.'), tone: 'calm' };
    case 'restoring':
      return { text: trans.__('The new machine is there; your variables and files are being put back.'), tone: 'calm' };
    case 'back':
      return {
        text: phase.complete
          ? trans.__('Your session has moved. Everything came back.')
          : trans.__('Your session has moved and goes on here.'),
        tone: 'good'
      };
    case 'losses':
      return { text: lossWords(phase.report, trans), tone: 'warn' };
  }
}
