import type { Item, Op } from '../../src/types';

/** One of which nothing is said yet. */
export function blank(): Item {
  return {
    id: '',
    event: 'message',
    category: 'message',
    title: '',
    body: '',
    data: {},
    actor: null,
    action_url: null,
    actions: [],
    tags: [],
    priority: 'normal',
    group_key: null,
    created_at: '2026-11-02T09:30:00.000Z',
    seen_at: null,
    read_at: null,
    archived_at: null,
    snoozed_until: null,
    acted: null,
    expires_at: null,
    seq: 0,
    surfaced_seq: 0,
  };
}

/** Whether a list with this filter shows it. */
export function belongs(item: Item, filter: string): boolean {
  if (filter === 'archived') return item.archived_at !== null;
  if (filter === 'snoozed') return item.snoozed_until !== null && item.archived_at === null;
  if (item.archived_at !== null || item.snoozed_until !== null) return false;
  return filter === 'all' || item.read_at === null;
}

type Key = Pick<Item, 'surfaced_seq' | 'id'>;

export function byNewest(a: Key, b: Key): number {
  return b.surfaced_seq - a.surfaced_seq || b.id.localeCompare(a.id);
}

/** Whether a mark would change it; undefined: there is none. */
export function changes(op: Op, item: Item | undefined): boolean {
  if (!item) return false;
  if (op === 'seen') return !item.seen_at;
  if (op === 'read') return !item.read_at;
  if (op === 'unread') return !!item.read_at;
  if (op === 'archive') return !item.archived_at;
  if (op === 'unarchive') return !!item.archived_at;
  if (op === 'unsnooze') return !!item.snoozed_until;
  if (op === 'act') return !item.acted;
  return true;
}
