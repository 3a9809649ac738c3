import type { Filter, Item, MarkFilter } from './types';

/** What a list shows. */
export interface View extends MarkFilter {
  event?: string;
}

const visible = (item: Item): boolean => !item.archived_at && !item.snoozed_until;

export const unread = (item: Item | null): boolean => !!item && visible(item) && !item.read_at;

export const unseen = (item: Item | null): boolean => !!item && visible(item) && !item.seen_at;

const FILTERS: Record<Filter, (item: Item) => boolean> = {
  all: visible,
  unread,
  archived: (item) => !!item.archived_at,
  snoozed: (item) => !!item.snoozed_until && !item.archived_at,
};

/** Newest first: a negative number when `a` stands above `b`. */
export const order = (a: Item, b: Item): number => b.surfaced_seq - a.surfaced_seq || (a.id < b.id ? 1 : -1);

export const matches = (item: Item, { filter = 'all', category, event, tag }: View): boolean =>
  FILTERS[filter](item) &&
  (!category || item.category === category) &&
  (!event || item.event === event) &&
  (!tag || item.tags.includes(tag));

/** The view's items in order, down to `floor`: the last item that was loaded, null when all are. */
export const select = (items: Iterable<Item>, view: View, floor: Item | null): Item[] =>
  [...items]
    .filter((item) => matches(item, view) && (!floor || item.id === floor.id || order(item, floor) < 0))
    .sort(order);
