import type { ConnectionState, WebSocketClass } from './connection';
import type { HubError } from './errors';
import type { ListOptions, Shelf } from './inbox';
import type { Receipt, Refusal } from './marks';
import type { GetToken } from './tokens';
import type { Counts, Item, MarkFilter, MarkFrame, StateFrame, Tombstone } from './types';

export interface HubOptions {
  /** the API's base, such as `https://hub.example.com/api/v1`, or relative to the page */
  url: string;
  /** gives a fresh user token; without it the session cookie says who is asking */
  getToken?: GetToken;
  /** for places without a global WebSocket */
  WebSocket?: WebSocketClass;
}

export interface HubEvents {
  /** an item that is new to this client and unseen by its user */
  notification: Item;
  /** an item that came in another way: woken, caught up with, or gone */
  updated: Item | Tombstone;
  state: StateFrame;
  counts: Counts;
  /** the client was away for too long: the list is being replaced */
  resync: undefined;
  /** a mark that waits for a connection */
  queued: MarkFrame;
  /** a mark that was shown, then refused */
  rollback: Refusal;
  error: HubError;
  /** the server closed the session for good */
  closed: { code: number; reason: string };
}

export interface Snapshot extends Shelf {
  readonly state: ConnectionState;
  readonly items: readonly Item[];
  readonly counts: Counts;
}

export type Ids = string | readonly string[];

/** A subscriber's inbox, live. Marks show at once; their promises settle when the server has answered. */
export interface Hub {
  readonly state: ConnectionState;
  connect(): void;
  /** Goes offline and stays so. `connect()` resumes where it was. */
  close(): void;

  /** Shows a view from its first page, and gives its items. */
  list(options?: ListOptions): Promise<readonly Item[]>;
  /** Loads the view's next page, if there is one, and gives all items that are loaded. */
  more(): Promise<readonly Item[]>;
  counts(): Counts;

  seen(ids: Ids): Promise<Receipt>;
  read(ids: Ids): Promise<Receipt>;
  unread(ids: Ids): Promise<Receipt>;
  archive(ids: Ids): Promise<Receipt>;
  unarchive(ids: Ids): Promise<Receipt>;
  snooze(ids: Ids, until: Date | string): Promise<Receipt>;
  unsnooze(ids: Ids): Promise<Receipt>;
  delete(ids: Ids): Promise<Receipt>;
  act(id: string, action: string): Promise<Receipt>;
  /** All that had surfaced when this client last heard of anything: never what came in since. */
  seenAll(filter?: MarkFilter): Promise<Receipt>;
  readAll(filter?: MarkFilter): Promise<Receipt>;
  archiveAll(filter?: MarkFilter): Promise<Receipt>;

  on<K extends keyof HubEvents>(event: K, fn: (payload: HubEvents[K]) => void): () => void;
  /** Calls `fn` after the snapshot has changed. */
  subscribe(fn: () => void): () => void;
  /** The same object until something changes. */
  getSnapshot(): Snapshot;
}
