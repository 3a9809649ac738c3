import { describe, expect, it } from 'vitest';
import { settle, titles, useHub } from './support/harness';

const world = useHub();

const online = async (count = 1) => {
  const items = Array.from({ length: count }, () => world.server.notify());
  const hub = world.client();
  await Promise.all([hub.list(), settle()]);
  hub.connect();
  await settle();
  return { hub, items, id: items[0]!.id };
};

const sent = (n = -1) => world.server.sockets.at(n)!.ofType('mark');

describe('a mark', () => {
  it('shows at once, and stays when it is confirmed', async () => {
    const { hub, id } = await online();
    const receipt = hub.read(id);
    expect(hub.getSnapshot().items[0]!.read_at).not.toBeNull();
    expect(hub.counts()).toEqual({ unread: 0, unseen: 0 });
    await settle();
    await expect(receipt).resolves.toEqual({ seq: 2, changed: 1, counts: { unread: 0, unseen: 0 } });
    expect(hub.getSnapshot().items).toEqual(world.server.list());
  });

  it('that is refused is taken back', async () => {
    const { hub, id } = await online();
    const rolledBack: string[] = [];
    hub.on('rollback', ({ mark, error }) => rolledBack.push(`${mark.op} ${error.code}`));
    world.server.refuse = { code: 'forbidden', title: 'No', status: 403 };
    const receipt = hub.archive(id);
    expect(titles(hub)).toEqual([]);
    await settle();
    await expect(receipt).rejects.toMatchObject({ code: 'forbidden', status: 403, message: 'No' });
    expect(titles(hub)).toEqual(['Number 1']);
    expect(hub.counts()).toEqual({ unread: 1, unseen: 1 });
    expect(rolledBack).toEqual(['archive forbidden']);
  });

  it.each([429, 503])('that meets a %i is tried again', async (status) => {
    const { hub, id } = await online();
    world.server.refuse = { code: 'later', title: 'Later', status, retry_after: 2 };
    const receipt = hub.read(id);
    await settle(1000);
    expect(hub.counts().unread).toBe(0);
    world.server.refuse = null;
    await settle(1100);
    await expect(receipt).resolves.toMatchObject({ changed: 1 });
    expect(sent().map((frame) => frame.key)).toEqual([sent()[0]!.key, sent()[0]!.key]);
  });

  it('without a receipt is sent again, under the same key, and done once', async () => {
    const { hub, id } = await online();
    world.server.receipts = false;
    const receipt = hub.unread(id);
    const snooze = hub.snooze(id, new Date('2030-01-01T09:00:00Z'));
    await settle();
    const seq = world.server.seq;
    world.server.last.cut();
    world.server.receipts = true;
    await settle(1000);
    expect(sent().map(({ key }) => key)).toEqual(sent(0).map(({ key }) => key));
    expect(world.server.seq).toBe(seq);
    await expect(receipt).resolves.toMatchObject({ changed: 0 });
    await expect(snooze).resolves.toMatchObject({ changed: 1 });
    await settle();
    world.server.last.cut();
    await settle(2000);
    expect(sent()).toEqual([]);
  });

  it('made while offline waits for the connection', async () => {
    const { hub, id } = await online();
    const queued: string[] = [];
    hub.on('queued', (mark) => queued.push(mark.op));
    hub.close();
    const receipt = hub.delete(id);
    expect(titles(hub)).toEqual([]);
    expect(queued).toEqual(['delete']);
    hub.connect();
    await settle();
    await expect(receipt).resolves.toMatchObject({ changed: 1 });
    expect(world.server.items.size).toBe(0);
  });

  it('is one of at most 200 that wait', async () => {
    const hub = world.client();
    const waiting = Array.from({ length: 200 }, (_, n) => hub.seen(`${n}`));
    await expect(hub.seen('x')).rejects.toMatchObject({ code: 'queue_full' });
    hub.connect();
    await settle();
    expect(sent()).toHaveLength(15);
    await settle(1000);
    expect(sent()).toHaveLength(30);
    await settle(13_000);
    await expect(Promise.all(waiting)).resolves.toHaveLength(200);
  });

  it('of more than 100 items is several', async () => {
    const { hub, items } = await online(230);
    const receipt = hub.read(items.map((item) => item.id));
    await settle();
    expect(sent().map((frame) => frame.ids!.length)).toEqual([100, 100, 30]);
    await expect(receipt).resolves.toMatchObject({ changed: 230 });
  });

  it('of no items is nothing', async () => {
    const { hub } = await online();
    await expect(hub.read([])).resolves.toMatchObject({ changed: 0, seq: 1 });
    expect(sent()).toEqual([]);
  });
});

describe('each op', () => {
  it('does here what it does there', async () => {
    const { hub, items } = await online(2);
    const [a, b] = items.map((item) => item.id) as [string, string];
    const until = new Date('2030-01-01T09:00:00Z');
    const steps = [
      () => hub.seen(a),
      () => hub.read([a, b]),
      () => hub.unread(a),
      () => hub.archive(a),
      () => hub.unarchive(a),
      () => hub.snooze(a, until),
      () => hub.unsnooze(a),
      () => hub.act(a, 'approve'),
      () => hub.delete(a),
    ];
    for (const step of steps) {
      step();
      const guess = hub.getSnapshot();
      await settle();
      expect(guess.counts).toEqual(world.server.counts);
      expect(new Set(guess.items.map((item) => item.id))).toEqual(new Set(world.server.items.size ? titlesOf() : []));
      expect(hub.getSnapshot().items).toEqual(world.server.list());
      expect(hub.counts()).toEqual(world.server.counts);
    }
    const titlesOf2 = sent()
      .map((frame) => frame.op)
      .join(' ');
    expect(titlesOf2).toBe('seen read unread archive unarchive snooze unsnooze act delete');
    expect(sent()[5]!.until).toBe('2030-01-01T09:00:00.000Z');
    expect(sent()[7]!.action).toBe('approve');
  });

  const titlesOf = () => world.server.list().map((item) => item.id);
});

describe('marking all', () => {
  it('stops at what this client has heard of', async () => {
    const { hub } = await online(2);
    world.server.fault = () => [];
    world.server.notify();
    hub.readAll();
    expect(hub.counts()).toEqual({ unread: 0, unseen: 0 });
    await settle();
    expect(sent()).toMatchObject([{ op: 'read', all: true, upto: 2 }]);
    await settle(400);
    expect(hub.counts()).toEqual({ unread: 1, unseen: 1 });
    expect(hub.getSnapshot().items).toEqual(world.server.list());
  });

  it('takes a filter, and counts only what that covers', async () => {
    const { hub } = await online(2);
    world.server.notify({ category: 'news' });
    await settle();
    hub.seenAll({ category: 'news' });
    expect(hub.counts()).toEqual({ unread: 3, unseen: 2 });
    hub.archiveAll({ category: 'news' });
    expect(hub.counts()).toEqual({ unread: 2, unseen: 2 });
    await settle();
    expect(hub.getSnapshot().items).toEqual(world.server.list());
    expect(sent()[1]).toMatchObject({ op: 'archive', filter: { category: 'news' } });
  });
});
