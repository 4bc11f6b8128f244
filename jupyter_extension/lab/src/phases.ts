/**
 * Which of the few things the user needs to know holds now. Pure, so that every case can be tried in virtual time.
 */
import { Link } from './feed';
import { Limits, Notice, Report, State } from './wire';

export type Phase =
  | { kind: 'quiet' }
  | { kind: 'notice'; cause: string; seconds: number | null }
  | { kind: 'limit'; cause: 'idle' | 'age'; seconds: number }
  | { kind: 'freezing' }
  | { kind: 'held' }
  | { kind: 'away'; seconds: number; expected: boolean; offline: boolean }
  | { kind: 'resting'; offer: boolean }
  | { kind: 'resuming' }
  | { kind: 'out' }
  | { kind: 'restoring' }
  | { kind: 'back'; complete: boolean }
  | { kind: 'losses'; report: Report }
  | { kind: 'reload' };

/** What a phase is made from; times in milliseconds of the page's clock, `ahead` = server's clock less the page's. */
export interface View {
  link: Link;
  state: State;
  notice: Notice | null;
  problem: string | null;
  report: Report | null;
  downSince: number | null;
  expected: boolean;
  /** Whether the session was put away or is being brought back, and whether this page can ask for it. */
  rest: 'no' | 'resting' | 'resuming';
  resumable: boolean;
  /** Whether the session's own server lets this page in no more. */
  out: boolean;
  movedAt: number | null;
  offline: boolean;
  serverNow: number;
  limits: Limits;
  /** Whether documents are kept in rooms that did not move: only a page that is loaded again can save them. */
  roomless: boolean;
}

/** A gap shorter than this is no news; unless a move was announced. */
const GAP_MS = 1000;
/** A culler's limit is no news before it is so near. */
const NEAR_S = 600;
/** How long "everything came back" stays. */
const BACK_MS = 8000;

/** Whether something did not come back, came back different, or was left un-run. */
export function hasLosses(report: Report): boolean {
  return (
    report.fallback !== null ||
    report.excluded.length > 0 ||
    report.terminals.some(terminal => terminal.lost.length > 0) ||
    report.kernels.some(kernel => kernel.lost.length + kernel.changed.length + kernel.skipped.length > 0) ||
    report.kernels.some(kernel => kernel.salvage && kernel.rerun.length === 0)
  );
}

function notServing(view: View, now: number): Phase | null {
  if (view.out) {
    return { kind: 'out' };
  }
  if (view.rest !== 'no') {
    return view.rest === 'resting' ? { kind: 'resting', offer: view.resumable } : { kind: 'resuming' };
  }
  if (view.link === 'down' || view.state === 'fenced') {
    const gone = now - (view.downSince ?? now);
    if (gone < GAP_MS && !view.expected) {
      return { kind: 'quiet' };
    }
    return { kind: 'away', seconds: gone / 1000, expected: view.expected, offline: view.offline };
  }
  if (view.state === 'restoring' || view.state === 'standby') {
    return { kind: 'restoring' };
  }
  if (view.state === 'running') {
    return null;
  }
  return view.problem && !view.notice ? { kind: 'held' } : { kind: 'freezing' };
}

function nearLimit({ limits, serverNow }: View): Phase | null {
  const { idle, age } = limits;
  const cause = age !== null && (idle === null || age <= idle) ? 'age' : 'idle';
  const at = limits[cause];
  return at !== null && at - serverNow < NEAR_S ? { kind: 'limit', cause, seconds: Math.max(0, at - serverNow) } : null;
}

/** The phase at `now` (milliseconds); `dismissed` is the report that the user has already put away. */
export function phaseOf(view: View, now: number, dismissed: string): Phase {
  if (view.link === 'off' || view.link === 'opening') {
    return { kind: 'quiet' };
  }
  const away = notServing(view, now);
  if (away) {
    return away;
  }
  if (view.notice) {
    const { cause, deadline } = view.notice;
    return { kind: 'notice', cause, seconds: deadline === null ? null : Math.max(0, deadline - view.serverNow) };
  }
  if (view.roomless) {
    return { kind: 'reload' };
  }
  const limit = nearLimit(view);
  if (limit) {
    return limit;
  }
  if (view.report && hasLosses(view.report) && dismissed !== reportId(view.report)) {
    return { kind: 'losses', report: view.report };
  }
  if (view.movedAt !== null && now - view.movedAt < BACK_MS) {
    return { kind: 'back', complete: view.report !== null };
  }
  return { kind: 'quiet' };
}

/** A name for a report, to remember that it was put away. */
export function reportId(report: Report): string {
  return `${report.snapshot}@${report.at}`;
}

/** Seconds left at which a countdown is announced again. */
const MARKS = [300, 60, 30, 10];

/** What makes a phase news to a listener: its kind, and for a countdown the last mark passed. */
export function newsOf(phase: Phase): string {
  if ((phase.kind === 'notice' || phase.kind === 'limit') && phase.seconds !== null) {
    const left = phase.seconds;
    return `${phase.kind} ${phase.cause} ${MARKS.filter(mark => left <= mark).length}`;
  }
  return phase.kind === 'away' ? `away ${phase.offline} ${phase.seconds > 60}` : phase.kind;
}
