import { describe, expect, it } from 'vitest';
import { apply, begin, EMPTY, type State } from '../src/store';
import type { BatchFrame, Item, LiveFrame, NotificationFrame, ServerFrame, StateFrame } from '../src/types';
import { blank } from './support/fake-items';
import { samples, typesOf } from './support/samples';

const item = (id: string, seq: number, fields: Partial<Item> = {}): Item => ({
  ...blank(),
  id,
  seq,
  surfaced_seq: seq,
  ...fields,
});

const at = (last: number, ...items: Item[]): State =>
  begin(EMPTY, `e:${last}`, { unread: 0, unseen: 0 }, new Map(items.map((one) => [one.id, one])));

const created = (seq: number): LiveFrame => ({
  type: 'notification',
  seq,
  op: 'created',
  item: item(`i${seq}`, seq),
  counts: { unread: seq, unseen: seq },
});

const run = (state: State, ...frames: ServerFrame[]): State => frames.reduce(apply, state);

describe('the sample frames', () => {
  it.each(typesOf('server'))('of type %s are understood and change nothing in place', (type) => {
    for (const { frame } of samples<ServerFrame>(`server/${type}`)) {
      const state = Object.freeze(at(40, item('x', 3)));
      expect(frame.type).toBe(type);
      expect(() => apply(state, frame)).not.toThrow();
      expect(state.items).toEqual(new Map([['x', item('x', 3)]]));
    }
  });

  it.each(samples<NotificationFrame>('server/notification'))('notification: $name', ({ frame }) => {
    const held = item(frame.item.id, 1);
    const state = apply(at(frame.seq - 1, held), frame);
    expect(state.last).toBe(frame.seq);
    expect(state.counts).toEqual(frame.counts);
    expect(state.items.get(held.id)).toEqual('gone' in frame.item ? undefined : frame.item);
  });

  const after: Record<string, (frame: StateFrame) => Partial<Item> | undefined> = {
    seen: ({ at }) => ({ seen_at: at, read_at: null }),
    read: ({ at }) => ({ seen_at: at, read_at: at }),
    unread: ({ seq }) => ({ read_at: null, surfaced_seq: seq }),
    archive: ({ at }) => ({ archived_at: at }),
    unarchive: () => ({ archived_at: null }),
    snooze: ({ until }) => ({ snoozed_until: until! }),
    unsnooze: () => ({ snoozed_until: null }),
    act: ({ at, action }) => ({ acted: { action: action!, at }, read_at: at, seen_at: at }),
    delete: () => undefined,
  };
  const set = { read_at: 'r', archived_at: 'a', snoozed_until: 's' };
  const before: Record<string, Partial<Item>> = { unread: set, unarchive: set, unsnooze: set };

  it.each(samples<StateFrame>('server/state'))('state: $name', ({ frame }) => {
    const held = frame.ids.map((id) => item(id, 1, before[frame.op]));
    const state = apply(at(frame.seq - 1, ...held, item('other', 1)), frame);
    const wanted = after[frame.op]!(frame);
    for (const one of held) {
      expect(state.items.get(one.id)).toEqual(wanted && { ...one, ...wanted, seq: frame.seq });
    }
    expect(state.items.get('other')).toEqual(item('other', 1));
    expect(state.last).toBe(frame.seq);
    expect(state.counts).toEqual(frame.counts);
  });

  it('batches: two halves and their tombstones', () => {
    const [, first, second] = samples<BatchFrame>('server/batch').map(({ frame }) => frame);
    const gone = second!.items.map(({ id }) => item(id, 1));
    const half = apply(at(40, ...gone), first!);
    expect(half.last).toBe(42);
    expect(half.items.size).toBe(5);
    const whole = apply(half, second!);
    expect(whole.last).toBe(45);
    expect([...whole.items.keys()]).toEqual(first!.items.map(({ id }) => id));
  });
});

describe('the client rule', () => {
  it('applies the next, drops the late, and holds the early', () => {
    const state = run(at(4), created(5), created(5), created(3), created(8), created(7));
    expect(state.last).toBe(5);
    expect([...state.items.keys()]).toEqual(['i5']);
    expect(state.known).toBe(8);
    const whole = run(state, created(6));
    expect(whole.last).toBe(8);
    expect(whole.held).toEqual([]);
    expect(whole.applied.map((frame) => 'seq' in frame && frame.seq)).toEqual([6, 7, 8]);
    expect(whole.counts.unread).toBe(8);
  });

  it('moves only for applied frames and batches', () => {
    const moved = ['ready', 'receipt', 'ping', 'error', 'goaway'].flatMap((type) =>
      samples<ServerFrame>(`server/${type}`),
    );
    for (const { frame, name } of moved) {
      if (name === 'not recovered') continue;
      expect(apply(at(4), frame).last, name).toBe(4);
    }
  });

  it('takes what a batch covers out of what is held', () => {
    const early = run(at(4), created(7), created(9));
    const counts = { unread: 1, unseen: 1 };
    const state = apply(early, { type: 'batch', items: [item('i6', 6)], head: 8, counts, more: false });
    expect(state.last).toBe(9);
    expect([...state.items.keys()]).toEqual(['i6', 'i9']);
  });

  it('ignores a batch that ends before what it knows', () => {
    const state = at(9, item('x', 9));
    const counts = { unread: 5, unseen: 5 };
    const late = apply(state, { type: 'batch', items: [item('y', 7)], head: 8, counts, more: false });
    expect(late.items).toEqual(state.items);
    expect(late.last).toBe(9);
    expect(late.counts).toEqual(state.counts);
  });

  it('keeps the newer of an item', () => {
    const read: StateFrame = {
      type: 'state',
      seq: 5,
      op: 'read',
      ids: ['x'],
      at: 't',
      origin: null,
      counts: { unread: 0, unseen: 0 },
    };
    const newer = item('x', 7, { read_at: null });
    expect(apply(at(4, newer), read).items.get('x')).toEqual(newer);
    const woken = { ...created(5), op: 'updated', item: item('x', 5) } as NotificationFrame;
    expect(apply(at(4, newer), woken).items.get('x')).toEqual(newer);
  });

  it('starts anew when it could not be recovered, and holds frames until it has a cursor', () => {
    const { frame } = samples<ServerFrame>('server/ready').find(({ name }) => name === 'not recovered')!;
    const lost = run(at(4, item('x', 4)), frame, created(43));
    expect(lost.last).toBeNull();
    expect(lost.items.size).toBe(0);
    const found = begin(lost, 'e:42', { unread: 1, unseen: 1 }, new Map([['y', item('y', 40)]]));
    expect(found.last).toBe(43);
    expect([...found.items.keys()]).toEqual(['y', 'i43']);
  });

  it('gives seq and nothing else to an op that it does not know', () => {
    const { frame } = samples<StateFrame>('server/state')[0]!;
    const pinned = { ...frame, op: 'pin', seq: 5, ids: ['x'] } as unknown as StateFrame;
    expect(apply(at(4, item('x', 1)), pinned).items.get('x')).toEqual(item('x', 1, { seq: 5, surfaced_seq: 1 }));
  });
});
