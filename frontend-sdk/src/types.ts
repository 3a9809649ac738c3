/** The shapes of `hub.v1`: inbox items and frames, as they are on the wire. Times are ISO-8601 UTC strings. */

export interface Counts {
  unread: number;
  unseen: number;
}

export interface Action {
  key: string;
  label: string;
  url?: string;
}

export interface Actor {
  id?: string;
  name: string;
  avatar_url?: string;
}

export interface Item {
  id: string;
  event: string;
  category: string;
  title: string;
  body: string;
  data: Record<string, unknown> | null;
  actor: Actor | null;
  action_url: string | null;
  actions: Action[];
  tags: string[];
  priority: 'low' | 'normal' | 'high';
  group_key: string | null;
  created_at: string;
  seen_at: string | null;
  read_at: string | null;
  archived_at: string | null;
  snoozed_until: string | null;
  acted: { action: string; at: string } | null;
  expires_at: string | null;
  /** seq of its last change */
  seq: number;
  /** seq at which it last came to the top; lists are ordered by it, newest first, ties by id */
  surfaced_seq: number;
}

export interface Tombstone {
  id: string;
  seq: number;
  gone: 'deleted' | 'retracted' | 'expired';
}

export type Op = 'seen' | 'read' | 'unread' | 'archive' | 'unarchive' | 'snooze' | 'unsnooze' | 'delete' | 'act';

/** `all`: what is neither archived nor snoozed; `unread`: of these, the unread. */
export type Filter = 'all' | 'unread' | 'archived' | 'snoozed';

/** Which items a "mark all" is about; nothing given means all that are visible. */
export interface MarkFilter {
  filter?: Filter;
  category?: string;
  tag?: string;
}

export interface MarkFrame {
  type: 'mark';
  id: string;
  op: Op;
  key: string;
  ids?: string[];
  all?: true;
  upto?: number;
  filter?: MarkFilter;
  until?: string;
  action?: string;
}

export interface HelloFrame {
  type: 'hello';
  client: string;
  token?: string;
  cursor?: string;
}

export type ClientFrame =
  | HelloFrame
  | MarkFrame
  | { type: 'ack'; seq: number; focused: boolean }
  | { type: 'sync'; cursor: string }
  | { type: 'auth'; token: string }
  | { type: 'pong' };

export interface ReadyFrame {
  type: 'ready';
  session: string;
  subscriber: string;
  /** the head of the subscriber's changes, `epoch:seq` */
  cursor: string;
  recovered: boolean;
  counts: Counts;
  ping_ms: number;
  expires_at?: string;
}

export interface BatchFrame {
  type: 'batch';
  items: (Item | Tombstone)[];
  head: number;
  counts: Counts;
  more: boolean;
}

export interface NotificationFrame {
  type: 'notification';
  seq: number;
  op: 'created' | 'updated' | 'retracted';
  item: Item | Tombstone;
  counts: Counts;
}

export interface StateFrame {
  type: 'state';
  seq: number;
  op: Op;
  ids: string[];
  at: string;
  /** session that made the change; null when it was none */
  origin: string | null;
  until?: string;
  action?: string;
  counts: Counts;
}

export interface ReceiptFrame {
  type: 'receipt';
  id: string;
  seq: number;
  changed: number;
  counts: Counts;
}

export interface ErrorFrame {
  type: 'error';
  id?: string;
  code: string;
  title: string;
  status?: number;
  /** seconds */
  retry_after?: number;
}

export type LiveFrame = NotificationFrame | StateFrame;
export type DurableFrame = LiveFrame | BatchFrame;
export type ServerFrame =
  | ReadyFrame
  | DurableFrame
  | ReceiptFrame
  | ErrorFrame
  | { type: 'ping'; head: number }
  | { type: 'goaway'; reason: string; retry_ms: [number, number] };
