import type {
  ClientFrame,
  Counts,
  HelloFrame,
  Item,
  LiveFrame,
  MarkFrame,
  Op,
  StateFrame,
  Tombstone,
} from '../../src/types';
import { belongs, blank, byNewest, changes } from './fake-items';
import { FakeSocket } from './fake-socket';

export const URL_BASE = 'https://hub.test/api/v1';
const BATCH = 3;

/** What a network may do to a live frame on its way: give back the frames that get through now. */
export type Fault = (frame: LiveFrame) => LiveFrame[];

/** One subscriber's inbox in memory, behind the REST reads and the socket that the SDK uses. */
export class FakeServer {
  epoch = 'aaaa1111';
  seq = 0;
  readonly items = new Map<string, Item>();
  readonly gone = new Map<string, Tombstone>();
  readonly sockets: FakeSocket[] = [];
  readonly requests: string[] = [];
  readonly tokens: (string | null)[] = [];
  /** answers by key, so that a mark that comes again does nothing */
  readonly answers = new Map<string, { seq: number; changed: number }>();
  fault: Fault = (frame) => [frame];
  /** refuses marks with this error */
  refuse: { code: string; title: string; status: number; retry_after?: number } | null = null;
  /** false: takes marks, but never says so */
  receipts = true;
  /** ms that a REST answer is under way */
  latency = 0;
  /** answers the next REST requests with these statuses */
  statuses: number[] = [];
  catchUpLimit = 1000;
  expiresAt: string | undefined;
  pingMs = 25_000;
  private made = 0;

  get open(): FakeSocket[] {
    return this.sockets.filter((socket) => socket.readyState === 1 && socket.greeted);
  }

  get last(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  get counts(): Counts {
    const visible = [...this.items.values()].filter((item) => !item.archived_at && !item.snoozed_until);
    return {
      unread: visible.filter((item) => !item.read_at).length,
      unseen: visible.filter((item) => !item.seen_at).length,
    };
  }

  get cursor(): string {
    return `${this.epoch}:${this.seq}`;
  }

  /** Makes the class that the SDK constructs, bound to this server. */
  get WebSocket(): new (
    url: string,
    protocols: string[],
  ) => WebSocket {
    const server = this;
    return class extends FakeSocket {
      constructor(url: string, protocols: string[]) {
        super(server, url, protocols);
      }
    } as never;
  }

  notify(fields: Partial<Item> = {}): Item {
    const seq = ++this.seq;
    const id = `00000000-0000-7000-8000-${String(++this.made).padStart(12, '0')}`;
    const item: Item = { ...blank(), id, title: `Number ${this.made}`, ...fields, seq, surfaced_seq: seq };
    this.items.set(id, item);
    this.publish({ type: 'notification', seq, op: 'created', item, counts: this.counts });
    return item;
  }

  retract(id: string): void {
    const seq = ++this.seq;
    const item: Tombstone = { id, seq, gone: 'retracted' };
    this.items.delete(id);
    this.gone.set(id, item);
    this.publish({ type: 'notification', seq, op: 'retracted', item, counts: this.counts });
  }

  /** The clock wakes an item from its snooze. */
  wake(id: string): void {
    const seq = ++this.seq;
    const woken = { ...this.items.get(id)!, snoozed_until: null, seen_at: null, read_at: null, seq, surfaced_seq: seq };
    this.items.set(id, woken);
    this.publish({ type: 'notification', seq, op: 'updated', item: woken, counts: this.counts });
  }

  /** A mark by another client, or by the one whose session `origin` is. */
  mark(op: Op, ids: string[], extra: Partial<MarkFrame> = {}, origin: string | null = null): number {
    const at = new Date().toISOString();
    const touched = ids.filter((id) => changes(op, this.items.get(id)));
    if (!touched.length) return 0;
    const seq = ++this.seq;
    for (const id of touched) this.change(op, id, seq, at, extra);
    const { until, action } = extra;
    const frame: StateFrame = { type: 'state', seq, op, ids: touched, at, origin, until, action, counts: this.counts };
    this.publish(frame);
    return touched.length;
  }

  /** Forgets everything before now, as after a restored backup. */
  newEpoch(): void {
    this.epoch = 'bbbb2222';
    this.seq += 100;
    for (const [id, item] of this.items) this.items.set(id, { ...item, seq: this.seq });
  }

  /** The list as a fresh fetch gives it. */
  list(filter = 'all'): Item[] {
    return [...this.items.values()].filter((item) => belongs(item, filter)).sort(byNewest);
  }

  fetch = async (input: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(input);
    this.requests.push(url.pathname + url.search);
    this.tokens.push((init.headers as Record<string, string>).Authorization ?? null);
    const status = this.statuses.shift() ?? 200;
    const answer = status === 200 ? this.answer(url) : json({ code: 'failed', title: 'Failed' }, status);
    if (this.latency) await new Promise((resolve) => setTimeout(resolve, this.latency));
    return answer;
  };

  private answer(url: URL): Response {
    const id = url.pathname.match(/\/inbox\/(.+)$/)?.[1];
    if (id) return this.items.has(id) ? json(this.items.get(id)) : json({ code: 'not_found', title: 'None' }, 404);
    return json(this.page(url.searchParams));
  }

  private page(query: URLSearchParams): unknown {
    const limit = Number(query.get('limit'));
    const [seq, from] = (query.get('cursor') ?? ':').split(':') as [string, string];
    const all = this.list(query.get('filter') ?? 'all').filter(
      (item) => !query.get('category') || item.category === query.get('category'),
    );
    // The key of the last item, as the real one: what surfaces meanwhile shifts nothing.
    const edge = { surfaced_seq: Number(seq), id: from };
    const rest = from ? all.filter((item) => byNewest(edge, item) < 0) : all;
    const items = rest.slice(0, limit);
    const end = items.at(-1);
    const next = end && rest.length > limit ? `${end.surfaced_seq}:${end.id}` : null;
    return { items, next, counts: this.counts, cursor: this.cursor };
  }

  receive(socket: FakeSocket, frame: ClientFrame): void {
    if (frame.type === 'hello') this.greet(socket, frame);
    if (frame.type === 'sync') this.catchUp(socket, Number(frame.cursor.split(':')[1]));
    if (frame.type === 'mark') this.marked(socket, frame);
  }

  private greet(socket: FakeSocket, { cursor }: HelloFrame): void {
    const [epoch, seq] = (cursor ?? '').split(':');
    const since = Number(seq);
    const recovered = !cursor || (epoch === this.epoch && since <= this.seq && this.seq - since <= this.catchUpLimit);
    const { counts, pingMs: ping_ms, expiresAt: expires_at } = this;
    const session = `session-${this.sockets.length}`;
    const head = this.cursor;
    socket.greeted = true;
    socket.push({ type: 'ready', session, subscriber: 'alice', cursor: head, recovered, counts, ping_ms, expires_at });
    if (cursor && recovered) this.catchUp(socket, since);
  }

  private catchUp(socket: FakeSocket, since: number): void {
    const items = [...this.items.values(), ...this.gone.values()].filter((item) => item.seq > since);
    items.sort((a, b) => a.seq - b.seq || (a.id < b.id ? -1 : 1));
    const { seq: head, counts } = this;
    do {
      let size = Math.min(BATCH, items.length);
      while (size > 0 && items[size]?.seq === items[size - 1]?.seq) size++;
      const batch = items.splice(0, size);
      socket.push({ type: 'batch', items: batch, head, counts, more: items.length > 0 });
    } while (items.length);
  }

  private marked(socket: FakeSocket, frame: MarkFrame): void {
    const { id, key } = frame;
    if (this.refuse) {
      socket.push({ type: 'error', id, ...this.refuse });
      return;
    }
    if (!this.answers.has(key)) {
      const changed = this.mark(frame.op, frame.ids ?? this.upto(frame), frame, 'session');
      this.answers.set(key, { seq: this.seq, changed });
    }
    if (this.receipts) socket.push({ type: 'receipt', id, ...this.answers.get(key)!, counts: this.counts });
  }

  private upto({ upto, filter }: MarkFrame): string[] {
    const items = this.list(filter?.filter).filter((item) => item.surfaced_seq <= upto!);
    return items.filter((item) => !filter?.category || item.category === filter.category).map((item) => item.id);
  }

  private change(op: Op, id: string, seq: number, at: string, { until, action }: Partial<MarkFrame>): void {
    const item = { ...this.items.get(id)!, seq };
    this.items.set(id, item);
    if (op === 'seen' || op === 'read' || op === 'act') item.seen_at ??= at;
    if (op === 'read' || op === 'act') item.read_at ??= at;
    if (op === 'act') item.acted = { action: action!, at };
    if (op === 'unread') Object.assign(item, { read_at: null, surfaced_seq: seq });
    if (op === 'archive') item.archived_at = at;
    if (op === 'unarchive') item.archived_at = null;
    if (op === 'snooze') item.snoozed_until = until!;
    if (op === 'unsnooze') item.snoozed_until = null;
    if (op !== 'delete') return;
    this.items.delete(id);
    this.gone.set(id, { id, seq, gone: 'deleted' });
  }

  private publish(frame: LiveFrame): void {
    for (const socket of this.open) for (const through of this.fault(frame)) socket.push(through);
  }
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}
