import { describe, expect, it, vi } from 'vitest';
import { ids, settle, titles, useHub } from './support/harness';

const world = useHub();

const online = async () => {
  const hub = world.client();
  await Promise.all([hub.list(), settle()]);
  hub.connect();
  await settle();
  expect(hub.state).toBe('online');
  return hub;
};

describe('a live list', () => {
  it('shows what was there, then what comes', async () => {
    world.server.notify();
    const hub = await online();
    world.server.notify();
    await settle();
    expect(titles(hub)).toEqual(['Number 2', 'Number 1']);
    expect(hub.counts()).toEqual({ unread: 2, unseen: 2 });
    expect(world.server.last.protocols).toEqual(['hub.v1']);
    expect(world.server.last.url).toBe('wss://hub.test/api/v1/ws');
  });

  it('starts from the list that it has loaded: what came in between is in a batch', async () => {
    const hub = world.client();
    await Promise.all([hub.list(), settle()]);
    world.server.notify();
    hub.connect();
    await settle();
    expect(world.server.last.ofType('hello')[0]!.cursor).toBe('aaaa1111:0');
    expect(titles(hub)).toEqual(['Number 1']);
    expect(world.server.requests).toHaveLength(1);
  });

  it('starts from the head when there is no list', async () => {
    world.server.notify();
    const hub = world.client();
    hub.connect();
    await settle();
    const heard: string[] = [];
    hub.on('notification', (item) => heard.push(item.title));
    world.server.notify();
    await settle();
    expect(heard).toEqual(['Number 2']);
    expect(hub.counts().unread).toBe(2);
    expect(hub.getSnapshot().items).toEqual([]);
    expect(world.server.requests).toEqual([]);
  });

  it('may be asked for at any time', async () => {
    world.server.notify();
    const hub = world.client();
    hub.connect();
    await settle(1);
    const list = hub.list();
    world.server.notify();
    await settle(400);
    expect((await list).map((item) => item.title)).toEqual(['Number 2', 'Number 1']);
  });
});

describe('a cut', () => {
  it('is resumed from the cursor, in as many batches as it takes, without a REST call', async () => {
    const hub = await online();
    const heard: string[] = [];
    hub.on('notification', (item) => heard.push(item.title));
    world.server.last.cut();
    expect(hub.state).toBe('offline');
    for (let n = 0; n < 10; n++) world.server.notify();
    await settle(1000);
    expect(world.server.sockets).toHaveLength(2);
    expect(titles(hub)).toEqual(world.server.list().map((item) => item.title));
    expect(heard).toEqual(
      world.server
        .list()
        .map((item) => item.title)
        .reverse(),
    );
    expect(world.server.requests).toHaveLength(1);
  });

  it('in the middle of the batches goes on from the last one that came', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const hub = await online();
    world.server.last.cut();
    for (let n = 0; n < 10; n++) world.server.notify();
    let came = 0;
    const stop = hub.on('notification', () => {
      if (++came === 6) queueMicrotask(() => world.server.last.cut());
    });
    await settle(600);
    stop();
    expect(titles(hub)).toHaveLength(6);
    await settle(3000);
    expect(world.server.last.ofType('hello')[0]!.cursor).toBe('aaaa1111:6');
    expect(titles(hub)).toEqual(world.server.list().map((item) => item.title));
  });

  it('takes tombstones and marks along', async () => {
    const [a, b, c] = [world.server.notify(), world.server.notify(), world.server.notify()];
    const hub = await online();
    world.server.last.cut();
    world.server.retract(a.id);
    world.server.mark('delete', [b.id]);
    world.server.mark('read', [c.id]);
    await settle(1000);
    expect(hub.getSnapshot().items).toEqual([world.server.items.get(c.id)]);
    expect(hub.counts()).toEqual({ unread: 0, unseen: 0 });
  });

  it('that cannot be resumed replaces the list from REST, and loses nothing that comes meanwhile', async () => {
    world.server.notify();
    const hub = await online();
    const events: string[] = [];
    hub.on('resync', () => events.push('resync'));
    world.server.last.cut();
    world.server.newEpoch();
    world.server.notify();
    world.server.statuses = [503];
    await settle(1000);
    world.server.notify();
    await settle(4000);
    expect(events).toEqual(['resync']);
    expect(hub.getSnapshot().items).toEqual(world.server.list());
    world.server.notify();
    await settle();
    expect(hub.getSnapshot().items).toEqual(world.server.list());
  });
});

describe('a gap', () => {
  it('is given 250 ms, then asked for', async () => {
    const hub = await online();
    world.server.fault = () => [];
    world.server.notify();
    world.server.fault = (frame) => [frame];
    world.server.notify();
    await settle(200);
    expect(titles(hub)).toEqual([]);
    expect(world.server.last.ofType('sync')).toEqual([]);
    await settle(100);
    expect(world.server.last.ofType('sync')).toEqual([{ type: 'sync', cursor: 'aaaa1111:0' }]);
    expect(titles(hub)).toEqual(['Number 2', 'Number 1']);
  });

  it('that closes by itself is not asked for', async () => {
    const hub = await online();
    const late: ReturnType<typeof world.server.fault> = [];
    world.server.fault = (frame) => {
      late.unshift(frame);
      return late.length > 1 ? late : [];
    };
    world.server.notify();
    world.server.notify();
    await settle(1000);
    expect(titles(hub)).toEqual(['Number 2', 'Number 1']);
    expect(world.server.last.ofType('sync')).toEqual([]);
  });

  it('at the end shows itself by a ping', async () => {
    const hub = await online();
    world.server.fault = () => [];
    world.server.notify();
    await settle(1000);
    world.server.last.push({ type: 'ping', head: world.server.seq });
    await settle(300);
    expect(titles(hub)).toEqual(['Number 1']);
    expect(world.server.last.ofType('pong')).toHaveLength(1);
  });

  it('is asked for again when no answer comes', async () => {
    await online();
    const socket = world.server.last;
    world.server.receive = () => {};
    socket.push({ type: 'ping', head: 5 });
    await settle(300);
    expect(socket.ofType('sync')).toHaveLength(1);
    await settle(4000);
    expect(socket.ofType('sync')).toHaveLength(1);
    await settle(2000);
    expect(socket.ofType('sync')).toHaveLength(2);
  });
});

describe('an item that is not held', () => {
  const fill = (count: number) => Array.from({ length: count }, () => world.server.notify());

  it('is fetched when it comes back into the list', async () => {
    const [a] = fill(2);
    world.server.mark('archive', [a!.id]);
    const hub = await online();
    expect(titles(hub)).toEqual(['Number 2']);
    world.server.mark('unarchive', [a!.id]);
    await settle();
    expect(titles(hub)).toEqual(['Number 2', 'Number 1']);
    expect(world.server.requests.at(-1)).toBe(`/api/v1/inbox/${a!.id}`);
  });

  it('is not fetched when it only changes', async () => {
    const [a] = fill(1);
    world.server.mark('archive', [a!.id]);
    await online();
    world.server.mark('read', [a!.id]);
    world.server.mark('delete', [a!.id]);
    await settle();
    expect(world.server.requests).toHaveLength(1);
  });

  it('is listed anew when there are many of its kind', async () => {
    const many = fill(25).map((item) => item.id);
    world.server.mark('archive', many);
    const hub = await online();
    world.server.mark('unarchive', many);
    await settle();
    expect(ids(hub)).toEqual(world.server.list().map((item) => item.id));
    expect(world.server.requests).toHaveLength(2);
  });

  it('fills the list of what was archived elsewhere', async () => {
    const [a] = fill(1);
    const hub = world.client();
    await Promise.all([hub.list({ filter: 'archived' }), settle()]);
    hub.connect();
    await settle();
    world.server.mark('archive', [a!.id]);
    await settle();
    expect(titles(hub)).toEqual(['Number 1']);
  });
});

describe('pages', () => {
  it('follow each other, and stay equal to a fresh fetch while things change', async () => {
    for (let n = 0; n < 10; n++) world.server.notify();
    const hub = world.client();
    await Promise.all([hub.list({ limit: 4 }), settle()]);
    hub.connect();
    await settle();
    expect(titles(hub)).toHaveLength(4);
    expect(hub.getSnapshot().more).toBe(true);
    const older = world.server.list()[5]!;
    const more = hub.more();
    world.server.mark('read', [older.id]);
    world.server.notify();
    await Promise.all([more, settle()]);
    expect(hub.getSnapshot().items).toEqual(world.server.list().slice(0, 9));
    await Promise.all([hub.more(), settle()]);
    expect(hub.getSnapshot().items).toEqual(world.server.list());
    expect(hub.getSnapshot().more).toBe(false);
    await hub.more();
    expect(world.server.requests).toHaveLength(3);
  });

  it('of another view replace those of this one, whichever answer is first', async () => {
    const a = world.server.notify();
    world.server.notify({ category: 'news' });
    world.server.mark('archive', [a.id]);
    const hub = world.client();
    const answers: (() => void)[] = [];
    const { server } = world;
    const fetch = server.fetch;
    server.fetch = async (url, init) => {
      const answer = await fetch(url, init);
      return new Promise((resolve) => answers.push(() => resolve(answer)));
    };
    const all = hub.list();
    const archived = hub.list({ filter: 'archived' });
    await settle();
    answers[1]!();
    answers[0]!();
    expect((await archived).map((item) => item.id)).toEqual([a.id]);
    expect(await all).toEqual(await archived);
  });
});
