import { createAcks } from './acks';
import type { Hub, HubEvents, HubOptions, Ids, Snapshot } from './api';
import { watch } from './attention';
import { TOKEN_EXPIRED } from './codes';
import { createConnection } from './connection';
import { createEmitter } from './emitter';
import { HubError } from './errors';
import { createInbox } from './inbox';
import { unseen } from './list';
import { createMarks, type Mark, type Receipt } from './marks';
import { createRest } from './rest';
import type { Items, State } from './store';
import { createTokens, expiry, MARGIN } from './tokens';
import type { Counts, HelloFrame, Item, MarkFilter, ServerFrame, Tombstone } from './types';

const GAP_WAIT = 250;
const SYNC_WITHIN = 5000;
const IDS_A_MARK = 100;

/** Nothing is opened or loaded until `connect()` or `list()`. */
export function createHub({ url, getToken, WebSocket: Socket = globalThis.WebSocket }: HubOptions): Hub {
  const base = new URL(url, globalThis.location?.href).href.replace(/\/$/, '');
  const { on, emit } = createEmitter<HubEvents & { '': undefined }>();
  const tokens = createTokens(getToken);
  const inbox = createInbox(createRest(base, tokens), moved);
  const connection = createConnection(`${base.replace(/^http/, 'ws')}/ws`, Socket, {
    hello,
    frame: receive,
    changed,
    ended,
  });
  const marks = createMarks(connection.send);
  const acks = createAcks(connection.send);
  let snapshot: Snapshot | undefined;
  let told: Counts = inbox.state().counts;
  let telling = false;
  let catchingUp = false;
  let healing: ReturnType<typeof setTimeout> | undefined;
  let refreshing: ReturnType<typeof setTimeout> | undefined;
  let unwatch = () => {};

  const cursor = (): string | undefined => {
    const { epoch, last } = inbox.state();
    return last === null ? undefined : `${epoch}:${last}`;
  };

  /** A list that is being loaded brings the cursor to start from. */
  async function hello(): Promise<HelloFrame> {
    await inbox.settled();
    const token = await tokens.get().catch((cause) => {
      emit('error', new HubError('no_token', String(cause)));
      throw cause;
    });
    const from = cursor();
    catchingUp = !!from;
    refreshBefore(token);
    return { type: 'hello', client: `js/${__VERSION__}`, token: token || undefined, cursor: from };
  }

  function receive(frame: ServerFrame): void {
    if (frame.type === 'ready') catchingUp &&= frame.recovered;
    if (frame.type === 'batch' && !frame.more) caughtUp();
    if (frame.type === 'receipt') marks.receipt(frame);
    if (frame.type === 'error') {
      const refusal = marks.error(frame);
      if (refusal) emit('rollback', refusal);
      else if (!frame.id) emit('error', new HubError(frame.code, frame.title, frame.status));
    }
    inbox.receive(frame);
    if (frame.type === 'ready') marks.resend();
  }

  /** The state went from `before` to where it is now: tell who listens, acknowledge that, ask for what is missing. */
  function moved({ items, last }: State): void {
    const now = inbox.state();
    if (last !== null && now.last === null) emit('resync', undefined);
    for (const frame of now.applied) {
      if (frame.type === 'state') emit('state', frame);
      else for (const item of frame.type === 'batch' ? frame.items : [frame.item]) announce(item, items, last);
    }
    if (now.last !== null && connection.state() === 'online') acks.stored(now.last);
    heal();
    changed();
  }

  function announce(item: Item | Tombstone, held: Items, last: number | null): void {
    if ('gone' in item || held.has(item.id) || item.surfaced_seq <= last! || !unseen(item)) emit('updated', item);
    else emit('notification', item);
  }

  /** Something is missing: it may be on its way, so wait before asking. An answer to `sync` is given longer. */
  function heal(): void {
    const { known, last } = inbox.state();
    if (healing || last === null || known <= last || connection.state() !== 'online') return;
    healing = setTimeout(sync, catchingUp ? SYNC_WITHIN : GAP_WAIT);
  }

  function sync(): void {
    const { known, last } = inbox.state();
    healing = undefined;
    if (known > last!) catchingUp = connection.send({ type: 'sync', cursor: cursor()! });
    heal();
  }

  function caughtUp(): void {
    clearTimeout(healing);
    healing = undefined;
    catchingUp = false;
  }

  function refreshBefore(token: string): void {
    clearTimeout(refreshing);
    const left = expiry(token) - MARGIN - Date.now();
    if (left > 0) refreshing = setTimeout(refresh, left);
  }

  /** A new token in place. If there is none, the server closes with 4010 and the next hello tries again. */
  async function refresh(): Promise<void> {
    tokens.forget();
    const token = await tokens.get().catch(() => '');
    if (token && connection.send({ type: 'auth', token })) refreshBefore(token);
  }

  function ended(code: number, reason: string, final: boolean): void {
    if (code === TOKEN_EXPIRED) tokens.forget();
    rest();
    if (!final) return;
    stop();
    for (const refusal of marks.fail(new HubError('closed', reason, code))) emit('rollback', refusal);
    emit('closed', { code, reason });
    changed();
  }

  function stop(): void {
    unwatch();
    inbox.pause();
    rest();
  }

  /** No session: nothing to acknowledge, to heal or to refresh. */
  function rest(): void {
    caughtUp();
    acks.reset();
    clearTimeout(refreshing);
  }

  /** Tells once of all that changes in one go. */
  function changed(): void {
    snapshot = undefined;
    if (!telling) queueMicrotask(tell);
    telling = true;
  }

  function tell(): void {
    telling = false;
    const { unread, unseen } = told;
    told = getSnapshot().counts;
    if (told.unread !== unread || told.unseen !== unseen) emit('counts', told);
    emit('', undefined);
  }

  function getSnapshot(): Snapshot {
    if (snapshot) return snapshot;
    const { items, counts } = marks.overlay(inbox.state());
    snapshot = { ...inbox.shelf(), state: connection.state(), items: inbox.shown(items), counts };
    return snapshot;
  }

  function send(mark: Mark): Promise<Receipt> {
    const { frame, sent, receipt } = marks.add(mark);
    if (!sent) emit('queued', frame);
    return receipt;
  }

  function submit(...wanted: Mark[]): Promise<Receipt> {
    const receipt = Promise.all(wanted.map(send)).then((all) => ({
      seq: inbox.state().last ?? 0,
      counts: getSnapshot().counts,
      ...all.at(-1),
      changed: all.reduce((sum, { changed }) => sum + changed, 0),
    }));
    // Who doesn't wait for the answer hears of it by `rollback`, not as an unhandled rejection.
    receipt.catch(() => {});
    changed();
    return receipt;
  }

  function mark(op: Mark['op'], ids: Ids, extra?: Partial<Mark>): Promise<Receipt> {
    const left = [ids].flat();
    const wanted: Mark[] = [];
    while (left.length) wanted.push({ op, ids: left.splice(0, IDS_A_MARK), ...extra });
    return submit(...wanted);
  }

  const markAll = (op: Mark['op'], filter?: MarkFilter): Promise<Receipt> =>
    submit({ op, all: true, upto: inbox.state().last ?? 0, filter });

  return {
    get state() {
      return connection.state();
    },
    connect() {
      unwatch();
      unwatch = watch(() => {
        connection.wake();
        acks.stored();
      });
      connection.open();
    },
    close() {
      stop();
      connection.close();
    },
    list: (options = {}) => inbox.open(options).then(() => getSnapshot().items),
    more: () => inbox.more().then(() => getSnapshot().items),
    counts: () => getSnapshot().counts,
    seen: (ids) => mark('seen', ids),
    read: (ids) => mark('read', ids),
    unread: (ids) => mark('unread', ids),
    archive: (ids) => mark('archive', ids),
    unarchive: (ids) => mark('unarchive', ids),
    snooze: (ids, until) => mark('snooze', ids, { until: new Date(until).toISOString() }),
    unsnooze: (ids) => mark('unsnooze', ids),
    delete: (ids) => mark('delete', ids),
    act: (id, action) => mark('act', id, { action }),
    seenAll: (filter) => markAll('seen', filter),
    readAll: (filter) => markAll('read', filter),
    archiveAll: (filter) => markAll('archive', filter),
    on,
    subscribe: (fn) => on('', fn),
    getSnapshot,
  };
}
