import { describe, expect, it, vi } from 'vitest';
import * as sdk from '../src';
import { settle, useHub } from './support/harness';
import { samples } from './support/samples';

const world = useHub();

const online = async () => {
  const hub = world.client();
  await Promise.all([hub.list(), settle()]);
  hub.connect();
  await settle();
  return hub;
};

it('exports what is promised and nothing else', () => {
  expect(Object.keys(sdk)).toEqual(['HubError', 'createHub']);
  expect(Object.keys(world.client()).sort()).toEqual(
    (
      'act archive archiveAll close connect counts delete getSnapshot list more on read readAll seen seenAll snooze ' +
      'state subscribe unarchive unread unsnooze'
    ).split(' '),
  );
});

it('sends only fields that the sample frames have', async () => {
  const hub = await online();
  const { id } = world.server.notify();
  hub.snooze(id, new Date(Date.now() + 1000));
  hub.act(id, 'approve');
  hub.archiveAll({ category: 'news' });
  world.server.last.push({ type: 'ping', head: 9 });
  await settle(500);
  const types = new Set(world.server.last.sent.map((frame) => frame.type));
  expect([...types].sort()).toEqual(['ack', 'hello', 'mark', 'pong', 'sync']);
  for (const frame of world.server.last.sent) {
    const known = new Set(samples<object>(`client/${frame.type}`).flatMap((sample) => Object.keys(sample.frame)));
    for (const field of Object.keys(frame)) expect(known).toContain(field);
  }
});

describe('events', () => {
  it('tell news from changes', async () => {
    const hub = await online();
    const heard: string[] = [];
    hub.on('notification', (item) => heard.push(`new ${item.title}`));
    hub.on('updated', (item) => heard.push('gone' in item ? item.gone : `updated ${item.title}`));
    hub.on('state', (frame) => heard.push(frame.op));
    const { id } = world.server.notify();
    world.server.mark('snooze', [id], { until: '2030-01-01T00:00:00.000Z' });
    world.server.wake(id);
    world.server.retract(id);
    await settle();
    expect(heard).toEqual(['new Number 1', 'snooze', 'updated Number 1', 'retracted']);
  });

  it('after a cut are news only if nobody has seen them elsewhere', async () => {
    const hub = await online();
    const heard: string[] = [];
    hub.on('notification', (item) => heard.push(item.title));
    world.server.last.cut();
    world.server.notify();
    world.server.mark('read', [world.server.notify().id]);
    await settle(1000);
    expect(heard).toEqual(['Number 1']);
  });

  it('of counts come when they change, once for all that comes at once', async () => {
    const hub = await online();
    const heard: number[] = [];
    const off = hub.on('counts', (counts) => heard.push(counts.unread));
    const { id } = world.server.notify();
    await settle();
    world.server.mark('seen', [id]);
    world.server.mark('read', [id]);
    await settle();
    off();
    world.server.notify();
    await settle();
    expect(heard.at(0)).toBe(1);
    expect(heard.at(-1)).toBe(0);
  });

  it('of errors that belong to no mark are passed on', async () => {
    const hub = await online();
    const heard: string[] = [];
    hub.on('error', (error) => heard.push(`${error.code}: ${error.message}`));
    world.server.last.push({ type: 'error', code: 'sequence_lost', title: 'Lost' });
    await settle();
    expect(heard).toEqual(['sequence_lost: Lost']);
  });
});

describe('the snapshot', () => {
  it('is the same object until something changes, and who subscribes is told', async () => {
    const hub = await online();
    const told = vi.fn();
    const off = hub.subscribe(told);
    const before = hub.getSnapshot();
    expect(hub.getSnapshot()).toBe(before);
    world.server.notify();
    await settle();
    expect(told).toHaveBeenCalledTimes(1);
    expect(hub.getSnapshot()).not.toBe(before);
    expect(hub.getSnapshot()).toMatchObject({ state: 'online', loaded: true, more: false, counts: { unread: 1 } });
    off();
    world.server.notify();
    await settle();
    expect(told).toHaveBeenCalledTimes(1);
  });
});

describe('acks', () => {
  const acks = () => world.server.last.ofType('ack');

  it('say what is stored, at most once a second', async () => {
    vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    await online();
    for (let n = 0; n < 5; n++) world.server.notify();
    await settle();
    expect(acks()).toEqual([{ type: 'ack', seq: 1, focused: false }]);
    await settle(1000);
    expect(acks()).toHaveLength(2);
    expect(acks()[1]).toEqual({ type: 'ack', seq: 5, focused: false });
    await settle(10_000);
    expect(acks()).toHaveLength(2);
  });

  it('say so again when a human comes to look', async () => {
    const focus = vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    await online();
    world.server.notify();
    await settle(2000);
    focus.mockReturnValue(true);
    dispatchEvent(new Event('focus'));
    await settle();
    expect(acks()).toEqual([
      { type: 'ack', seq: 1, focused: false },
      { type: 'ack', seq: 1, focused: true },
    ]);
    dispatchEvent(new Event('focus'));
    await settle(2000);
    expect(acks()).toHaveLength(2);
  });

  it('are told to each session', async () => {
    await online();
    world.server.notify();
    await settle(2000);
    world.server.last.cut();
    await settle(1000);
    expect(acks()).toEqual([{ type: 'ack', seq: 1, focused: document.hasFocus() }]);
  });
});
