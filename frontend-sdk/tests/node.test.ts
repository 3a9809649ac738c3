// @vitest-environment node
import { expect, it, vi } from 'vitest';
import { FakeServer, URL_BASE } from './support/fake-server';

it('is imported, created and used where there is no window', async () => {
  expect(typeof window).toBe('undefined');
  const { createHub } = await import('../src');
  const server = new FakeServer();
  vi.stubGlobal('fetch', server.fetch);
  const hub = createHub({ url: URL_BASE, WebSocket: server.WebSocket });
  await hub.list();
  hub.connect();
  await vi.waitFor(() => expect(hub.state).toBe('online'));
  server.notify();
  await vi.waitFor(() => expect(hub.getSnapshot().items).toHaveLength(1));
  await vi.waitFor(() => expect(server.last.ofType('ack')).toEqual([{ type: 'ack', seq: 1, focused: false }]));
  hub.close();
});
