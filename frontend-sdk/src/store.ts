import { changed } from './change';
import { epochOf, seqOf } from './cursor';
import type { BatchFrame, Counts, DurableFrame, Item, LiveFrame, ReadyFrame, ServerFrame, Tombstone } from './types';

export type Items = ReadonlyMap<string, Item>;

/** What a client knows of one inbox. Values are never changed in place. */
export interface State {
  readonly items: Items;
  readonly counts: Counts;
  readonly epoch: string;
  /** seq of the last change applied; null until there is a cursor to start from */
  readonly last: number | null;
  /** highest seq that the server has spoken of: above `last`, something is missing */
  readonly known: number;
  /** live frames that came too early, in order */
  readonly held: readonly LiveFrame[];
  /** the frames that the last step applied, in order */
  readonly applied: readonly DurableFrame[];
}

export const EMPTY: State = {
  items: new Map(),
  counts: { unread: 0, unseen: 0 },
  epoch: '',
  last: null,
  known: 0,
  held: [],
  applied: [],
};

/** The state after one frame. Pure: the client rule, and what each frame does to the items. */
export function apply(before: State, frame: ServerFrame): State {
  const { head, seq } = frame as { head?: number; seq?: number };
  const state = { ...before, applied: [], known: Math.max(before.known, head ?? seq ?? 0) };
  switch (frame.type) {
    case 'ready':
      return greet(state, frame);
    case 'batch':
      return catchUp(state, frame);
    case 'notification':
    case 'state':
      return drain({ ...state, held: [...state.held, frame].sort((a, b) => a.seq - b.seq) });
    default:
      return state;
  }
}

/** The state that starts at a cursor, with the frames that waited for one. */
export function begin(state: State, cursor: string, counts: Counts, items: Items): State {
  return drain({ ...state, applied: [], epoch: epochOf(cursor), last: seqOf(cursor), counts, items });
}

/** What a frame does to the items alone. Doing it twice, or late, changes nothing: an item knows its own seq. */
export function applyItems(items: Items, frame: DurableFrame): Items {
  const next = new Map(items);
  if (frame.type === 'state') {
    for (const id of frame.ids) {
      const item = next.get(id);
      if (item && item.seq < frame.seq) put(next, id, changed(item, frame));
    }
  } else {
    for (const item of frame.type === 'batch' ? frame.items : [frame.item]) merge(next, item);
  }
  return next;
}

/** Puts an item from the server in, unless what is held is newer. */
export function merge(items: Map<string, Item>, item: Item | Tombstone): void {
  if ((items.get(item.id)?.seq ?? 0) <= item.seq) put(items, item.id, 'gone' in item ? null : item);
}

export function put(items: Map<string, Item>, id: string, item: Item | null): void {
  if (item) items.set(id, item);
  else items.delete(id);
}

function greet(state: State, frame: ReadyFrame): State {
  const { counts, cursor, recovered } = frame;
  const known = seqOf(cursor);
  return recovered && state.last !== null ? { ...state, known, held: [] } : { ...EMPTY, known, counts };
}

/** A batch holds each item's latest state up to `head`; one whose head was reached otherwise has nothing to add. */
function catchUp(state: State, frame: BatchFrame): State {
  if (state.last === null || frame.head <= state.last) return state;
  const reached = frame.more ? (frame.items.at(-1)?.seq ?? 0) : frame.head;
  const next: State = {
    ...state,
    items: applyItems(state.items, frame),
    counts: frame.counts,
    last: Math.max(state.last, reached),
    applied: [frame],
  };
  return frame.more ? next : drain(next);
}

/** Applies what waited for as long as it is the next in line, drops what is late, and keeps what is early. */
function drain(state: State): State {
  if (state.last === null) return state;
  let { items, counts, last } = state;
  const held: LiveFrame[] = [];
  const applied: DurableFrame[] = [...state.applied];
  for (const frame of state.held) {
    if (frame.seq > last + 1) held.push(frame);
    if (frame.seq !== last + 1) continue;
    items = applyItems(items, frame);
    ({ counts, seq: last } = frame);
    applied.push(frame);
  }
  return { ...state, items, counts, last, held, applied };
}
