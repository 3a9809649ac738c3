import { describe, expect, it, vi } from 'vitest';
import type { Hub } from '../src';
import type { LiveFrame, Op } from '../src/types';
import { settle, useHub } from './support/harness';

const world = useHub();
const OPS: Op[] = ['seen', 'read', 'unread', 'archive', 'unarchive', 'snooze', 'unsnooze', 'delete', 'act'];
const EXTRA = { until: '2030-01-01T00:00:00.000Z', action: 'approve' };

/** A small generator of our own (mulberry32), so that a failing seed can be run again. */
function randomness(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((((t ^ (t >>> 14)) >>> 0) * below) / 2 ** 32) | 0;
  };
}

/** Drops, doubles, delays and reorders live frames. */
function badNetwork(random: (below: number) => number): (frame: LiveFrame) => LiveFrame[] {
  const late: LiveFrame[] = [];
  return (frame) => {
    const chance = random(10);
    if (chance < 2) return [];
    if (chance < 4) return [frame, frame];
    if (chance >= 6) return [frame, ...late.splice(0)];
    late.push(frame);
    return [];
  };
}

function step(hub: Hub, random: (below: number) => number): void {
  const all = [...world.server.items.keys()];
  const some = all.filter(() => random(3) === 0).slice(0, 5);
  const op = OPS[random(OPS.length)]!;
  switch (random(10)) {
    case 0:
    case 1:
    case 2:
      return void world.server.notify(random(3) ? {} : { category: 'news' });
    case 3:
      return void (all.length && world.server.retract(all[random(all.length)]!));
    case 4: {
      const asleep = all.filter((id) => world.server.items.get(id)!.snoozed_until);
      return void (asleep.length && world.server.wake(asleep[0]!));
    }
    case 5:
      return void world.server.open[0]?.cut();
    case 6:
      return void (some.length && hub[(['read', 'seen', 'archive', 'delete'] as const)[random(4)]!](some));
    case 7:
      return void (random(2) ? hub.readAll() : hub.more());
    default:
      return void (some.length && world.server.mark(op, some, EXTRA));
  }
}

// `SEEDS=3000 npx vitest run tests/random.test.ts` tries more of them.
describe('whatever happens', () => {
  it.each(Array.from({ length: Number(process.env.SEEDS ?? 100) }, (_, seed) => seed))(
    'the list equals a fresh fetch (seed %i)',
    async (seed) => {
      const random = randomness(seed);
      vi.spyOn(Math, 'random').mockImplementation(() => random(1000) / 1000);
      const filter = (['all', 'all', 'unread', 'archived', 'snoozed'] as const)[seed % 5]!;
      for (let n = 0; n < 15; n++) world.server.notify();
      const hub = world.client();
      if (random(2)) await Promise.all([hub.list({ filter, limit: 5 }), settle()]);
      else hub.list({ filter, limit: 5 });
      hub.connect();
      world.server.fault = badNetwork(random);
      world.server.catchUpLimit = seed % 3 ? 1000 : 8;
      for (let n = 0; n < 60; n++) {
        world.server.latency = random(500);
        if (random(20)) step(hub, random);
        else hub.list({ filter, limit: 5 });
        if (random(3)) await settle(random(400));
      }
      world.server.fault = (frame) => [frame];
      await settle(35_000);
      world.server.last.push({ type: 'ping', head: world.server.seq });
      await settle(1000);
      expect(hub.state).toBe('online');
      const { items, counts, more } = hub.getSnapshot();
      const fresh = world.server.list(filter);
      expect(items).toEqual(more ? fresh.slice(0, items.length) : fresh);
      expect(counts).toEqual(world.server.counts);
      while (hub.getSnapshot().more) await Promise.all([hub.more(), settle(500)]);
      expect(hub.getSnapshot().items).toEqual(fresh);
    },
  );
});
