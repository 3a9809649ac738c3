import { epochOf, seqOf } from './cursor';
import type { HubError } from './errors';
import { select, type View } from './list';
import type { Page, Rest } from './rest';
import { apply, applyItems, begin, EMPTY, type Items, merge, type State } from './store';
import type { DurableFrame, Item, ServerFrame, StateFrame } from './types';

/** More unknown items than this are cheaper to list than to fetch one by one. */
const SINGLY = 20;
const RETRY = 3000;
const PAGE = 30;

export interface ListOptions extends View {
  /** items a page, 30 unless told, at most 100 */
  limit?: number;
}

/** What is shown beside the items. */
export interface Shelf {
  readonly view: View;
  /** whether the view has been loaded at least once */
  readonly loaded: boolean;
  /** whether `more()` has something to load */
  readonly more: boolean;
}

export interface Inbox {
  state(): State;
  shelf(): Shelf;
  /** `items` as the view shows them: those of the state, or of a guess built on it. */
  shown(items: Items): Item[];
  /** Resolves, whatever came of it, when the load of page one that is under way has ended. */
  settled(): Promise<void>;
  /** Shows another view, from its first page. */
  open(options: ListOptions): Promise<void>;
  /** Loads the view's next page. */
  more(): Promise<void>;
  receive(frame: ServerFrame): void;
  /** Stops trying to reload, until the next session. */
  pause(): void;
}

/**
 * Frames and pages put together: the items of one view as a fresh fetch would give them, within what was loaded.
 * `onChange` hears of every new state, with the one before it.
 */
export function createInbox(rest: Rest, onChange: (before: State) => void): Inbox {
  let state = EMPTY;
  let view: View = {};
  let limit = 0;
  let next: string | null = null;
  let floor: Item | null = null;
  let loaded = false;
  let live = false;
  let loading: Promise<void> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  /** counts loads of page one: an answer to an earlier one is ignored */
  let turn = 0;
  /** what was applied while each request was under way, to be done to its answer too */
  const logs = new Set<DurableFrame[]>();

  function commit(after: State): void {
    const before = state;
    state = after;
    for (const log of logs) {
      // Another epoch's seqs say nothing about this one's items.
      if (state.last === null) log.length = 0;
      log.push(...state.applied);
    }
    for (const change of state.applied) if (change.type === 'state') fetchMissing(change);
    onChange(before);
  }

  async function recorded<T>(answer: Promise<T>): Promise<[T, DurableFrame[]]> {
    const log: DurableFrame[] = [];
    logs.add(log);
    return [await answer.finally(() => logs.delete(log)), log];
  }

  async function first(): Promise<void> {
    const mine = ++turn;
    const [page, log] = await recorded(rest.page(view, limit, null));
    // Who waits for a load that another has replaced waits for that one.
    if (mine !== turn) return loading;
    replace(page, log);
  }

  function load(): Promise<void> {
    loading = first();
    return loading;
  }

  /** Until it works: without it the list would be wrong. */
  function reload(): void {
    clearTimeout(retry);
    load().catch(() => {
      retry = setTimeout(() => live && reload(), RETRY);
    });
  }

  /** Page one is all there is, but for what changed after it was read. */
  function replace(page: Page, log: DurableFrame[]): void {
    const { cursor, counts } = page;
    const seq = seqOf(cursor);
    const fresh = state.last === null || state.epoch !== epochOf(cursor);
    const newer = [...state.items].filter(([, item]) => !fresh && item.seq > seq);
    const items = together(new Map(newer), page.items, log);
    reach(page);
    if (fresh) commit(begin(state, cursor, counts, items));
    else commit({ ...state, items, counts: seq < state.last! ? state.counts : counts, applied: [] });
  }

  function reach(page: Page): void {
    loaded = true;
    next = page.next;
    floor = (next && page.items.at(-1)) || null;
  }

  function add(answer: Item[], log: DurableFrame[]): void {
    commit({ ...state, items: together(state.items, answer, log), applied: [] });
  }

  function fetchMissing({ op, ids }: StateFrame): void {
    // What is undone comes back into a list; `archive` and `snooze` fill the lists that bear their names.
    if (!limit || !(op.startsWith('un') || view.filter?.startsWith(op))) return;
    const missing = ids.filter((id) => !state.items.has(id));
    if (missing.length > SINGLY) reload();
    else missing.map(fetchOne);
  }

  async function fetchOne(id: string): Promise<void> {
    const mine = turn;
    try {
      const [item, log] = await recorded(rest.item(id));
      if (mine === turn) add([item], log);
    } catch (error) {
      if (mine === turn && (error as HubError).status !== 404) reload();
    }
  }

  return {
    state: () => state,
    shelf: () => ({ view, loaded, more: !!next }),
    shown: (items) => (limit ? select(items.values(), view, floor) : []),
    settled: async () => loading?.catch(() => {}),
    open({ limit: size = PAGE, ...rest }) {
      view = rest;
      limit = size;
      loaded = false;
      return load();
    },
    async more() {
      const mine = turn;
      const from = next;
      if (!from) return;
      const [page, log] = await recorded(rest.page(view, limit, from));
      if (mine !== turn || from !== next) return;
      reach(page);
      add(page.items, log);
    },
    receive(frame) {
      commit(apply(state, frame));
      if (frame.type !== 'ready') return;
      live = true;
      if (state.last !== null) return;
      // Without a cursor: the list brings one, and if none is shown the server's head will do.
      if (limit) reload();
      else commit(begin(state, frame.cursor, state.counts, new Map()));
    },
    pause() {
      live = false;
    },
  };
}

/** An answer and what is held, the newer of each item, after what was applied while the answer was under way. */
function together(held: Items, answer: Item[], log: DurableFrame[]): Items {
  const items = new Map(held);
  for (const item of answer) merge(items, item);
  return log.reduce<Items>(applyItems, items);
}
