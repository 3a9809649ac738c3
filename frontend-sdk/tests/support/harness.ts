import { afterEach, beforeEach, vi } from 'vitest';
import { createHub, type Hub, type HubOptions } from '../../src';
import { FakeServer, URL_BASE } from './fake-server';

/** A server and clients of it on a virtual clock, new for each test. */
export function useHub(): { server: FakeServer; client: (options?: Partial<HubOptions>) => Hub } {
  const hubs: Hub[] = [];
  const world = {
    server: new FakeServer(),
    client: (options: Partial<HubOptions> = {}): Hub => {
      const hub = createHub({ url: URL_BASE, WebSocket: world.server.WebSocket, getToken: () => 'token', ...options });
      hubs.push(hub);
      return hub;
    },
  };
  beforeEach(() => {
    vi.useFakeTimers();
    world.server = new FakeServer();
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => world.server.fetch(url, init));
  });
  afterEach(() => {
    for (const hub of hubs.splice(0)) hub.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
  return world;
}

/** Lets everything that is under way arrive. */
export const settle = (ms = 20): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

export const titles = (hub: Hub): string[] => hub.getSnapshot().items.map((item) => item.title);

export const ids = (hub: Hub): string[] => hub.getSnapshot().items.map((item) => item.id);
