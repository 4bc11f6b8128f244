import { KernelMessage, ServerConnection } from '@jupyterlab/services';
import { KernelConnection } from '@jupyterlab/services/lib/kernel/default';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { sayAgain } from '../src/again';

const SETTINGS = ServerConnection.makeSettings({ WebSocket: Object as never, baseUrl: 'http://h/' });
const INFO = {
  status: 'ok',
  protocol_version: '5.4',
  implementation: 'ipython',
  implementation_version: '9',
  language_info: { name: 'python', version: '3' },
  banner: '',
  help_links: []
};

/** What Jupyter's own connection has of a socket; `said` is what came out of it. */
class Socket {
  static all: Socket[] = [];
  onopen?: (event: object) => void;
  onmessage?: (event: object) => void;
  onclose?: (event: object) => void;
  protocol = '';
  said: string[] = [];
  requests: KernelMessage.IMessage[] = [];

  constructor() {
    Socket.all.push(this);
  }

  static get last(): Socket {
    return Socket.all[Socket.all.length - 1]!;
  }

  send(data: string): void {
    const msg = SETTINGS.serializer.deserialize(data as never, this.protocol);
    this.requests.push(msg);
    this.said.push((msg.content as { code?: string }).code ?? msg.header.msg_type);
  }

  /** Reply to a request, and end it. */
  answer(request: KernelMessage.IMessage, msgType: string, content: object): void {
    this.hear({ msgType, channel: 'shell', session: 'k', parentHeader: request.header, content });
    const idle = { execution_state: 'idle' };
    this.hear({ msgType: 'status', channel: 'iopub', session: 'k', parentHeader: request.header, content: idle });
  }

  private hear(options: unknown): void {
    const msg = KernelMessage.createMessage(options as Parameters<typeof KernelMessage.createMessage>[0]);
    this.onmessage?.({ data: SETTINGS.serializer.serialize(msg, this.protocol) });
  }

  close(): void {}
}

async function connected(): Promise<KernelConnection> {
  const serverSettings = { ...SETTINGS, WebSocket: Socket as unknown as typeof WebSocket };
  const kernel = new KernelConnection({ model: { id: 'k', name: 'python3' }, serverSettings });
  Socket.last.onopen?.({});
  Socket.last.answer(Socket.last.requests[0]!, 'kernel_info_reply', INFO);
  await kernel.info;
  return kernel;
}

/** As after a move: the line is made anew, and opens. */
async function cutOff(kernel: KernelConnection): Promise<void> {
  const before = Socket.all.length;
  void kernel.reconnect();
  await vi.waitFor(() => expect(Socket.all.length).toBe(before + 1));
}

describe('a kernel that is connected again', () => {
  beforeEach(() => {
    Socket.all = [];
  });

  it('gets at once what was asked meanwhile, though Jupyter waits for an answer that comes behind it', async () => {
    const kernel = await connected();
    await cutOff(kernel);
    kernel.requestExecute({ code: 'meanwhile' });
    Socket.last.onopen?.({});
    expect(Socket.last.said).toEqual([]);
    await sayAgain(kernel);
    expect(Socket.last.said).toEqual(['meanwhile', 'kernel_info_request']);
  });

  it('hears first what it was asked before, and nothing of what it has answered', async () => {
    const kernel = await connected();
    const answered = kernel.requestExecute({ code: 'answered' });
    Socket.last.answer(Socket.last.requests[1]!, 'execute_reply', { status: 'ok', execution_count: 1 });
    await answered.done;
    kernel.requestExecute({ code: 'swallowed' });
    await cutOff(kernel);
    kernel.requestExecute({ code: 'meanwhile' });
    Socket.last.onopen?.({});
    await sayAgain(kernel);
    expect(Socket.last.said).toEqual(['swallowed', 'meanwhile', 'kernel_info_request']);
  });

  it('is left alone where it is made in another way', async () => {
    const other = { connectionStatus: 'connected', _pendingMessages: {} };
    await expect(sayAgain(other as unknown as KernelConnection)).resolves.toBeUndefined();
  });
});
