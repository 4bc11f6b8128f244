/**
 * The words that the server extension and this page exchange (docs/interfaces.md, section 6).
 *
 * Everything from outside is read here and nowhere else, so that the rest of the code can trust its shape.
 */

/** What the server behind this page does with the session. */
export type State = 'running' | 'freezing' | 'frozen' | 'standby' | 'restoring' | 'fenced';

/** The last durable snapshot; `at` in Unix seconds of the server's clock, sizes in bytes. */
export interface Saved {
  snapshot: string | null;
  at: number;
  bytes_state: number;
  bytes_written: number;
}

/** A warning that this machine goes; `deadline` in Unix seconds of the server's clock, null if nobody knows. */
export interface Notice {
  cause: string;
  deadline: number | null;
}

/** A kernel whose variables the snapshots hold. */
export interface Covered {
  kernel: string;
  path: string;
  names: number;
  bytes: number;
}

/** A variable that no snapshot can hold, and why. */
export interface AtRisk {
  kernel: string;
  path: string;
  name: string;
  reason: string;
}

/** Something that did not come back, or came back different; `execution_count` is that of the cell that last set it. */
export interface Loss {
  name: string;
  reason: string;
  execution_count?: number;
}

/** A cell that was run again, or left alone, by a restore. */
export interface CellNote {
  cell: string;
  execution_count?: number;
  reason?: string;
}

export interface KernelReport {
  kernel: string;
  path: string;
  saved: number;
  rerun: CellNote[];
  skipped: CellNote[];
  lost: Loss[];
  changed: Loss[];
  /** Whether the variables are kept as they stood in the middle of a cell that the move interrupted. */
  salvage: boolean;
  /** Whether the notebook was deleted while its kernel lived. */
  missing: boolean;
}

/** What a restore brought back. */
export interface Report {
  at: number;
  snapshot: string;
  fallback: string | null;
  kernels: KernelReport[];
  excluded: { path: string; reason: string }[];
  /** Names under which files are kept that a download that was brought in would have replaced. */
  kept: string[];
  terminals: { name: string; lost: string[] }[];
  /** Of a copy: when the first session was as this one began, and whether both have the same files. */
  copied: { at: number; shared: boolean } | null;
}

/** When a culler will stop the server, in Unix seconds of the server's clock; null where nobody told the server. */
export interface Limits {
  idle: number | null;
  age: number | null;
}

/** What the page knows about its session. */
export interface Facts {
  enabled: boolean;
  session: string;
  server_id: string;
  state: State;
  saved: Saved | null;
  covered: Covered[];
  at_risk: AtRisk[];
  notice: Notice | null;
  report: Report | null;
  /** Why saving does not work now, in the server's words. */
  problem: string | null;
  limits: Limits;
  /** The server extension that keeps documents in rooms; empty where pages save by themselves. */
  rooms: string;
  /** The server extension that runs cells by itself; empty where pages send them to their kernels. */
  runner: string;
  /** Where a session that was put away is brought back; empty where there is no such place. */
  resume: string;
  offers: Offered;
  /** Whether the server takes a request once however often it comes. */
  again: boolean;
}

/** What the hub offers: how many copies, and kinds of machines; `profile` is the one that this is, or empty. */
export interface Offered {
  copies: number;
  profiles: { name: string; title: string }[];
  profile: string;
}

/** How far a copy of the session is; `reason`: why it is not there yet, in words for the user. */
export interface Copy {
  state: 'copying' | 'starting' | 'ready' | 'failed';
  url: string;
  reason: string;
}

/** One message of the feed: a type, the server's clock, and those facts that it brings. */
export interface Message {
  type: string;
  now: number | null;
  facts: Partial<Facts>;
}

/**
 * Who answers while the line cannot be had: a server that never heard of us, somebody who knows of the session, or the
 * session's own server, which does not let this page in any more.
 */
export type Whereabouts = 'plain' | 'resting' | 'moving' | 'refused' | 'unknown';

type Raw = Record<string, unknown>;

const STATES: readonly string[] = ['running', 'freezing', 'frozen', 'standby', 'restoring', 'fenced'];

const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const num = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const rows = (value: unknown): Raw[] => (Array.isArray(value) ? value.filter(isRaw) : []);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text).filter(Boolean) : []);
const count = (value: unknown): number => (Array.isArray(value) ? value.length : num(value));

function readSaved(value: unknown): Saved | null {
  if (!isRaw(value) || !num(value.at)) {
    return null;
  }
  return {
    snapshot: text(value.snapshot) || null,
    at: num(value.at),
    bytes_state: num(value.bytes_state),
    bytes_written: num(value.bytes_written)
  };
}

function readNotice(value: unknown): Notice | null {
  return isRaw(value) ? { cause: text(value.cause), deadline: num(value.deadline) || null } : null;
}

function readLoss(row: Raw): Loss {
  return {
    name: text(row.name),
    reason: text(row.reason),
    execution_count: num(row.execution_count) || undefined
  };
}

function readCell(row: Raw): CellNote {
  return {
    cell: text(row.cell),
    execution_count: num(row.execution_count) || undefined,
    reason: text(row.reason) || undefined
  };
}

function readKernel(row: Raw): KernelReport {
  return {
    kernel: text(row.kernel),
    path: text(row.path),
    saved: count(row.saved),
    rerun: rows(row.rerun).map(readCell),
    skipped: rows(row.skipped).map(readCell),
    lost: rows(row.lost).map(readLoss),
    changed: rows(row.changed).map(readLoss),
    salvage: row.salvage === true,
    missing: row.missing === true
  };
}

function readReport(value: unknown): Report | null {
  if (!isRaw(value) || Object.keys(value).length === 0) {
    return null;
  }
  const files = isRaw(value.files) ? value.files : {};
  return {
    at: num(value.at),
    snapshot: text(value.snapshot),
    fallback: text(value.fallback) || null,
    kernels: rows(value.kernels).map(readKernel),
    excluded: rows(files.excluded).map(row => ({ path: text(row.path), reason: text(row.reason) })),
    kept: texts(files.kept),
    terminals: rows(value.terminals).map(row => ({
      name: text(row.name),
      lost: texts(row.lost)
    })),
    copied: isRaw(value.copied) ? { at: num(value.copied.at), shared: value.copied.shared === true } : null
  };
}

export const NO_LIMITS: Limits = { idle: null, age: null };
export const NO_OFFERS: Offered = { copies: 0, profiles: [], profile: '' };

function readOffers(value: unknown): Offered {
  return isRaw(value)
    ? {
        copies: count(value.copies),
        profiles: rows(value.profiles).map(row => ({ name: text(row.name), title: text(row.title) })),
        profile: text(value.profile)
      }
    : NO_OFFERS;
}

export function readCopy(value: unknown): Copy {
  const row = isRaw(value) ? value : {};
  const state = (['copying', 'starting', 'ready'] as const).find(each => each === row.state) ?? 'failed';
  const url = /^https?:\/\//.test(text(row.url)) ? text(row.url) : '';
  return { state: state === 'ready' && !url ? 'failed' : state, url, reason: text(row.reason) };
}

const readers: { [K in keyof Facts]: (value: unknown) => Facts[K] } = {
  enabled: value => value === true,
  session: text,
  server_id: text,
  state: value => (STATES.includes(text(value)) ? (value as State) : 'running'),
  saved: readSaved,
  covered: value =>
    rows(value).map(row => ({
      kernel: text(row.kernel),
      path: text(row.path),
      names: count(row.names),
      bytes: num(row.bytes)
    })),
  at_risk: value =>
    rows(value).map(row => ({
      kernel: text(row.kernel),
      path: text(row.path),
      name: text(row.name),
      reason: text(row.reason)
    })),
  notice: readNotice,
  report: readReport,
  problem: value => text(value) || null,
  limits: value => (isRaw(value) ? { idle: num(value.idle) || null, age: num(value.age) || null } : NO_LIMITS),
  rooms: text,
  runner: text,
  offers: readOffers,
  again: value => value === true,
  resume: value => (/^https?:\/\//.test(text(value)) ? text(value) : '')
};

/** Those facts that an object from the server holds, each in its proper shape. */
export function readFacts(value: unknown): Partial<Facts> {
  const facts: Raw = {};
  if (isRaw(value)) {
    for (const [key, read] of Object.entries(readers)) {
      if (key in value) {
        facts[key] = read(value[key]);
      }
    }
  }
  return facts;
}

/** A feed message, or null if the text is none. */
export function readMessage(data: string): Message | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isRaw(value) || !text(value.type)) {
    return null;
  }
  return { type: text(value.type), now: num(value.now) || null, facts: readFacts(value) };
}

/** A kept checkpoint, newest first in the server's answer. */
export interface Kept {
  snapshot: string;
  at: number;
  bytes_state: number;
  kernels: { kernel: string; path: string; execution_count: number }[];
}

export function readKept(value: unknown): Kept[] {
  return rows(isRaw(value) ? value.snapshots : []).map(row => ({
    snapshot: text(row.snapshot),
    at: num(row.at),
    bytes_state: num(row.bytes_state),
    kernels: rows(row.kernels).map(kernel => ({
      kernel: text(kernel.kernel),
      path: text(kernel.path),
      execution_count: num(kernel.execution_count)
    }))
  }));
}
