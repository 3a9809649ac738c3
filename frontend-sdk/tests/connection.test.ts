import { describe, expect, it, vi } from 'vitest';
import { createBackoff } from '../src/backoff';
import { stops } from '../src/codes';
import { settle, useHub } from './support/harness';

const world = useHub();

const online = async (options = {}) => {
  const hub = world.client(options);
  hub.connect();
  await settle();
  expect(hub.state).toBe('online');
  return hub;
};

/** A JWT that ends in `seconds`, unsigned. */
const jwt = (seconds: number): string => {
  const payload = JSON.stringify({ sub: 'alicé?', exp: Math.floor(Date.now() / 1000) + seconds });
  return `e30.${Buffer.from(payload).toString('base64url')}.c2ln`;
};

describe('backoff', () => {
  it('is a full jitter below a ceiling that doubles from 0.5 to 30 s', () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(1);
    const backoff = createBackoff();
    const waits = Array.from({ length: 8 }, () => backoff.next());
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    random.mockReturnValue(0.5);
    expect(backoff.next()).toBe(15_000);
    backoff.reset();
    expect(backoff.next()).toBe(250);
  });

  it('grows while nothing holds, and starts again after 10 s that did', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    await online();
    world.server.last.cut();
    await settle(450);
    expect(world.server.sockets).toHaveLength(1);
    await settle(100);
    expect(world.server.sockets).toHaveLength(2);
    world.server.last.cut();
    await settle(950);
    expect(world.server.sockets).toHaveLength(2);
    await settle(11_000);
    expect(world.server.sockets).toHaveLength(3);
    world.server.last.cut();
    await settle(550);
    expect(world.server.sockets).toHaveLength(4);
  });

  it('ends at once when the network or the page comes back', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    for (const wake of [
      () => dispatchEvent(new Event('online')),
      () => document.dispatchEvent(new Event('visibilitychange')),
    ]) {
      const hub = await online();
      world.server.last.cut();
      const before = world.server.sockets.length;
      wake();
      await settle();
      expect(hub.state).toBe('online');
      expect(world.server.sockets).toHaveLength(before + 1);
      hub.close();
      wake();
      await settle(60_000);
      expect(world.server.sockets).toHaveLength(before + 1);
    }
  });
});

describe('close codes', () => {
  it('stop from 4500 to 4999 only', () => {
    for (const code of [1000, 1001, 1006, 1011, 3000, 4000, 4001, 4010, 4499, 5000]) expect(stops(code)).toBe(false);
    for (const code of [4500, 4501, 4510, 4999]) expect(stops(code)).toBe(true);
  });

  it.each([1006, 1001, 4001, 4005, 4499])('%i comes back', async (code) => {
    const hub = await online();
    world.server.last.cut(code);
    expect(hub.state).toBe('offline');
    await settle(1000);
    expect(hub.state).toBe('online');
  });

  it.each([4500, 4501, 4510])('%i stops, and refuses what was waiting', async (code) => {
    const hub = await online();
    const closed: unknown[] = [];
    const rolledBack: unknown[] = [];
    hub.on('closed', (event) => closed.push(event));
    hub.on('rollback', ({ mark }) => rolledBack.push(mark.op));
    world.server.receipts = false;
    const read = hub.read('x');
    world.server.last.cut(code, 'because');
    expect(hub.state).toBe('closed');
    expect(closed).toEqual([{ code, reason: 'because' }]);
    expect(rolledBack).toEqual(['read']);
    await expect(read).rejects.toMatchObject({ code: 'closed', status: code });
    await settle(120_000);
    expect(world.server.sockets).toHaveLength(1);
  });

  it('4010 asks for a new token', async () => {
    const getToken = vi.fn(() => jwt(3600));
    await online({ getToken });
    world.server.last.cut(1006);
    await settle(1000);
    expect(getToken).toHaveBeenCalledTimes(1);
    world.server.last.cut(4010);
    await settle(2000);
    expect(getToken).toHaveBeenCalledTimes(2);
  });

  it('close() is for good until connect(), which resumes', async () => {
    const hub = await online();
    hub.close();
    expect(hub.state).toBe('closed');
    expect(world.server.last.readyState).toBe(3);
    await settle(60_000);
    expect(world.server.sockets).toHaveLength(1);
    hub.connect();
    await settle();
    expect(hub.state).toBe('online');
    expect(world.server.last.ofType('hello')[0]!.cursor).toBe('aaaa1111:0');
  });
});

describe('silence', () => {
  it('longer than two pings means reconnecting; a ping is answered and breaks it', async () => {
    await online();
    const socket = world.server.last;
    await settle(30_000);
    socket.push({ type: 'ping', head: 0 });
    await settle(45_000);
    expect(socket.ofType('pong')).toHaveLength(1);
    expect(world.server.sockets).toHaveLength(1);
    await settle(10_000);
    expect(socket.readyState).toBe(3);
    expect(world.server.sockets.length).toBeGreaterThan(1);
  });

  it('instead of ready means trying again', async () => {
    world.server.receive = () => {};
    const hub = world.client();
    hub.connect();
    await settle(16_000);
    expect(hub.state).not.toBe('online');
    expect(world.server.sockets.length).toBeGreaterThan(1);
  });
});

it('goaway comes back within the time that it names', async () => {
  const hub = await online();
  world.server.last.push({ type: 'goaway', reason: 'deploy', retry_ms: [2000, 4000] });
  await settle(1990);
  expect(hub.state).toBe('offline');
  expect(world.server.sockets).toHaveLength(1);
  await settle(2100);
  expect(hub.state).toBe('online');
});

describe('tokens', () => {
  it('go in the first frame, and in the header of REST calls', async () => {
    const hub = await online({ getToken: async () => 'secret' });
    await Promise.all([hub.list(), settle()]);
    expect(world.server.last.sent[0]).toMatchObject({ type: 'hello', token: 'secret', client: 'js/0.1.0' });
    expect(world.server.last.url).not.toContain('secret');
    expect(world.server.tokens).toEqual(['Bearer secret']);
  });

  it('are not needed with a session cookie', async () => {
    const hub = await online({ getToken: undefined });
    await Promise.all([hub.list(), settle()]);
    expect(world.server.last.sent[0]).toEqual({ type: 'hello', client: 'js/0.1.0' });
    expect(world.server.tokens).toEqual([null]);
  });

  it('are refreshed in place before they end', async () => {
    vi.setSystemTime(1_800_000_000_000);
    world.server.pingMs = 600_000;
    const getToken = vi.fn(() => jwt(100));
    await online({ getToken });
    await settle(69_000);
    expect(world.server.last.ofType('auth')).toHaveLength(0);
    await settle(2000);
    expect(world.server.last.ofType('auth')).toEqual([{ type: 'auth', token: jwt(100 - 1) }]);
    await settle(70_000);
    expect(world.server.last.ofType('auth')).toHaveLength(2);
    expect(getToken).toHaveBeenCalledTimes(3);
    expect(world.server.sockets).toHaveLength(1);
  });

  it('are replaced once when REST refuses them', async () => {
    const getToken = vi.fn(() => jwt(3600));
    const hub = world.client({ getToken });
    world.server.statuses = [401];
    await Promise.all([hub.list(), settle()]);
    expect(getToken).toHaveBeenCalledTimes(2);
    world.server.statuses = [401, 401];
    await expect(hub.list()).rejects.toMatchObject({ status: 401, code: 'failed' });
  });

  it('that cannot be had are an error and another try', async () => {
    const getToken = vi.fn(() => 'token');
    getToken.mockImplementationOnce(() => {
      throw new Error('backend is down');
    });
    const hub = world.client({ getToken });
    const errors: string[] = [];
    hub.on('error', (error) => errors.push(error.code));
    hub.connect();
    await settle();
    expect(errors).toEqual(['no_token']);
    await settle(1000);
    expect(hub.state).toBe('online');
  });
});
