import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Feed, retryDelay } from '../src/feed';
import { ScriptedServer } from './wiring';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function started(server: ScriptedServer): Promise<Feed> {
  const feed = new Feed(server);
  void feed.start();
  await vi.advanceTimersByTimeAsync(0);
  return feed;
}

describe('a page without the server extension', () => {
  it('asks once and never again', async () => {
    const server = new ScriptedServer();
    server.answer = null;
    const feed = await started(server);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([feed.link, server.asked, server.sockets.length]).toEqual(['off', 1, 0]);
  });

  it('does not listen where the extension is switched off', async () => {
    const server = new ScriptedServer();
    server.answer = { enabled: false };
    const feed = await started(server);
    expect([feed.link, server.sockets.length]).toEqual(['off', 0]);
  });

  it('gives up after some failures at the start', async () => {
    const server = new ScriptedServer();
    server.answer = new Error('503');
    const feed = await started(server);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([feed.link, server.asked]).toEqual(['off', 10]);
  });
});

describe('the line', () => {
  it('is up after the greeting, and down when the socket closes', async () => {
    const server = new ScriptedServer();
    const feed = await started(server);
    expect(feed.link).toBe('opening');
    server.hello();
    expect(feed.link).toBe('up');
    server.last.onclose?.();
    expect(feed.link).toBe('down');
  });

  it('is tried again within 0.6 s while the outage is young', async () => {
    const server = new ScriptedServer();
    await started(server);
    server.hello();
    server.last.onclose?.();
    for (let attempt = 2; attempt < 6; attempt++) {
      await vi.advanceTimersByTimeAsync(600);
      expect(server.sockets.length).toBeGreaterThanOrEqual(attempt);
      server.last.onerror?.();
    }
  });

  it('gives up an attempt that neither opens nor fails', async () => {
    const server = new ScriptedServer();
    await started(server);
    server.hello();
    server.last.onclose?.();
    await vi.advanceTimersByTimeAsync(600);
    const silent = server.last;
    await vi.advanceTimersByTimeAsync(5600);
    expect(silent.closed).toBe(true);
    expect(server.last).not.toBe(silent);
  });

  it('is left when a look after a silence finds another server behind the route', async () => {
    const server = new ScriptedServer();
    const feed = await started(server);
    server.hello('one');
    server.answer = { enabled: true, server_id: 'two' };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(feed.link).toBe('down');
    await vi.advanceTimersByTimeAsync(600);
    server.hello('two');
    expect(feed.link).toBe('up');
  });

  it('is left when the server does not answer a look', async () => {
    const server = new ScriptedServer();
    const feed = await started(server);
    server.hello();
    vi.spyOn(server, 'status').mockReturnValue(new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(feed.link).toBe('down');
  });

  it('stays while looks find the same server', async () => {
    const server = new ScriptedServer();
    const feed = await started(server);
    server.hello();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([feed.link, server.sockets.length]).toEqual(['up', 1]);
  });

  it('ends when a server without the extension answers in place of the lost one', async () => {
    const server = new ScriptedServer();
    const feed = await started(server);
    server.hello();
    server.answer = null;
    server.last.onclose?.();
    for (let attempt = 0; attempt < 10 && feed.link !== 'off'; attempt++) {
      await vi.advanceTimersByTimeAsync(600);
      server.last.onerror?.();
    }
    expect(feed.link).toBe('off');
  });

  it('is not believed before its greeting', async () => {
    const server = new ScriptedServer();
    const feed = await started(server);
    const heard: string[] = [];
    feed.heard.connect((_, message) => void heard.push(message.type));
    server.last.say('saved');
    server.last.onmessage?.({ data: 'not json' });
    expect(heard).toEqual([]);
    server.hello();
    server.last.say('saved');
    expect(heard).toEqual(['hello', 'saved']);
  });
});

describe('the delay between attempts', () => {
  it('is short first and grows with the outage', () => {
    expect([retryDelay(0, 0), retryDelay(119, 1)]).toEqual([0.3, 0.6]);
    expect([retryDelay(120, 0), retryDelay(899, 1)]).toEqual([2, 3]);
    expect([retryDelay(900, 0), retryDelay(90_000, 1)]).toEqual([10, 15]);
  });
});
