import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Feed } from '../src/feed';
import { Return, Session } from '../src/session';
import { ScriptedServer } from './wiring';

let server: ScriptedServer;
let session: Session;
let returns: Return[];

beforeEach(async () => {
  vi.useFakeTimers();
  server = new ScriptedServer();
  session = new Session(new Feed(server));
  returns = [];
  session.returned.connect((_, how) => void returns.push(how));
  void session.feed.start();
  await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => void vi.useRealTimers());

const tick = () => vi.advanceTimersByTimeAsync(700);

async function ready(): Promise<boolean> {
  const done = vi.fn();
  void session.ready().then(done);
  await vi.advanceTimersByTimeAsync(0);
  return done.mock.calls.length > 0;
}

describe('a session', () => {
  it('serves before anything is known of it, as plain Jupyter does', async () => {
    expect(await ready()).toBe(true);
  });

  it('does not count its first greeting as a return', () => {
    server.hello();
    expect(returns).toEqual([]);
  });

  it('comes back to the same server after a gap', async () => {
    server.hello();
    server.last.onclose?.();
    expect(await ready()).toBe(false);
    await tick();
    server.hello();
    expect(returns).toEqual([{ moved: false }]);
    expect(await ready()).toBe(true);
  });

  it('moves once, when the other server runs it', async () => {
    server.hello('one');
    server.last.onclose?.();
    await tick();
    server.hello('two', { state: 'restoring' });
    expect(returns).toEqual([]);
    expect(await ready()).toBe(false);
    server.last.say('report', { state: 'running' });
    expect(returns).toEqual([{ moved: true }]);
    server.last.say('saved');
    expect(returns).toHaveLength(1);
  });

  it('leaves a server that says that the session has moved, at once', async () => {
    server.hello('one');
    const old = server.last;
    old.say('moved', { state: 'fenced' });
    expect(old.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    server.hello('two');
    expect(returns).toEqual([{ moved: true }]);
  });

  it('waits on the line of a fenced server for its word that the way is open', async () => {
    server.hello('one');
    const old = server.last;
    old.say('fenced', { state: 'fenced' });
    expect([session.serving, session.expected, old.closed]).toEqual([false, true, false]);
    server.answer = new Error('503');
    await vi.advanceTimersByTimeAsync(5000);
    expect(old.closed).toBe(false);
    old.say('moved', { state: 'fenced' });
    expect(old.closed).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    server.hello('two');
    expect(returns).toEqual([{ moved: true }]);
  });

  it('leaves a fenced server within 1 s if that word does not come, and a silent route after 30 s', async () => {
    server.hello('one', { state: 'fenced' });
    const old = server.last;
    server.answer = new Error('503');
    await vi.advanceTimersByTimeAsync(29_000);
    expect(old.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(old.closed).toBe(true);
    server.answer = { enabled: true, server_id: 'one' };
    server.hello('one', { state: 'fenced' });
    const again = server.last;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(again.closed).toBe(false);
    server.answer = { enabled: true, server_id: 'two' };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(again.closed).toBe(true);
    await tick();
    server.hello('two');
    expect(session.serving).toBe(true);
    expect(returns).toEqual([{ moved: true }]);
  });

  it('holds while it is frozen, and goes on if the move is called off', async () => {
    server.hello();
    server.last.say('freezing', { state: 'freezing' });
    const waiting = session.ready();
    expect(await ready()).toBe(false);
    server.last.say('clear', { state: 'running', notice: null });
    await expect(waiting).resolves.toBeUndefined();
    expect(returns).toEqual([{ moved: false }]);
  });

  it('knows an announced loss from an accident', async () => {
    server.hello();
    server.last.onclose?.();
    expect(session.expected).toBe(false);
    await tick();
    server.hello('one', { notice: { cause: 'drain', deadline: null } });
    server.last.onclose?.();
    expect(session.expected).toBe(true);
  });

  it('rests when it was put away, and comes back when its user asks for it', async () => {
    server.hello('one', { resume: 'https://door/resume/x' });
    server.where = 'resting';
    server.last.onclose?.();
    await tick();
    expect(session.rest).toBe('resting');
    const asked: string[] = [];
    await session.resume(url => Promise.resolve(void asked.push(url)));
    expect([asked, session.rest]).toEqual([['https://door/resume/x'], 'resuming']);
    await vi.advanceTimersByTimeAsync(0);
    expect(session.rest).toBe('resuming');
    server.hello('two');
    expect(session.rest).toBe('no');
    expect(returns).toEqual([{ moved: true }]);
  });

  it('rests on when nobody takes the request, or nothing comes of it', async () => {
    server.hello();
    server.where = 'resting';
    server.last.onclose?.();
    await tick();
    await expect(session.resume(() => Promise.reject(new Error('offline')))).rejects.toThrow('offline');
    expect(session.rest).toBe('resting');
    await session.resume(() => Promise.resolve());
    expect(session.rest).toBe('resuming');
    for (let attempt = 0; attempt < 24 && session.rest !== 'resting'; attempt++) {
      await tick();
      server.last.onerror?.();
    }
    expect(session.rest).toBe('resting');
  });

  it('is seen to come back when somebody else asked for it', async () => {
    server.hello();
    server.where = 'moving';
    server.last.onclose?.();
    await tick();
    expect(session.rest).toBe('no');
    server.where = 'resting';
    session.feed.hurry();
    await tick();
    expect(session.rest).toBe('resting');
    server.where = 'moving';
    session.feed.hurry();
    await tick();
    expect(session.rest).toBe('resuming');
  });

  it('leaves a line that looks well when somebody else answers for it', async () => {
    server.hello();
    const old = server.last;
    session.doubt();
    expect([old.closed, session.serving]).toEqual([true, false]);
    session.doubt();
    await tick();
    server.hello();
    expect(returns).toEqual([{ moved: false }]);
  });

  it('lets go of what waits when a plain server has taken its place', async () => {
    server.hello();
    server.last.onclose?.();
    const waiting = session.ready();
    session.feed.stop();
    await expect(waiting).resolves.toBeUndefined();
    expect(await ready()).toBe(true);
  });

  it('reckons by the clock of the server', () => {
    server.hello('one', { now: Date.now() / 1000 + 500 });
    expect(session.serverNow - Date.now() / 1000).toBeCloseTo(500);
  });
});
