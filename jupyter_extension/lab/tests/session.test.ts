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

  it('keeps asking while the route still leads to the fenced server', async () => {
    server.hello('one', { state: 'fenced' });
    expect(session.serving).toBe(false);
    await tick();
    server.hello('one', { state: 'fenced' });
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
