import type { Item, Op } from './types';

/** One mark, made at `at`. Without a `seq` it is a guess that the server hasn't confirmed yet. */
export interface Change {
  op: Op;
  at: string;
  seq?: number;
  until?: string;
  action?: string;
}

const read = (item: Item, at: string): Partial<Item> => ({ read_at: item.read_at ?? at, seen_at: item.seen_at ?? at });

const EFFECTS: { [op in Op]?: (item: Item, change: Change) => Partial<Item> | null } = {
  seen: (item, { at }) => ({ seen_at: item.seen_at ?? at }),
  read: (item, { at }) => read(item, at),
  unread: (item, { seq }) => ({ read_at: null, surfaced_seq: seq ?? item.surfaced_seq }),
  archive: (_, { at }) => ({ archived_at: at }),
  unarchive: () => ({ archived_at: null }),
  snooze: (_, { until }) => ({ snoozed_until: until! }),
  unsnooze: () => ({ snoozed_until: null }),
  delete: () => null,
  act: (item, { at, action }) => ({ ...read(item, at), acted: { action: action!, at } }),
};

/** The item as it is after a change, or null when the change deletes it. An op of a later version changes only `seq`. */
export function changed(item: Item, change: Change): Item | null {
  const fields = EFFECTS[change.op]?.(item, change);
  return fields === null ? null : { ...item, ...fields, seq: change.seq ?? item.seq };
}
