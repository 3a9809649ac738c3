import { changed } from './change';
import { HubError } from './errors';
import { matches, unread, unseen } from './list';
import { type Items, put, type State } from './store';
import type { Counts, ErrorFrame, Item, MarkFrame, ReceiptFrame } from './types';

const LIMIT = 200;
/** Below what a session may send: faster ones are closed with 4029. */
const A_SECOND = 15;

export type Mark = Omit<MarkFrame, 'type' | 'id' | 'key'>;

/** What a mark did: how many items it changed, the head after it, and the counts. */
export type Receipt = Pick<ReceiptFrame, 'seq' | 'changed' | 'counts'>;

/** A mark that was shown, then refused. */
export interface Refusal {
  mark: MarkFrame;
  error: HubError;
}

interface Pending {
  frame: MarkFrame;
  at: string;
  sent: boolean;
  resolve: (receipt: Receipt) => void;
  reject: (error: HubError) => void;
}

export interface Marks {
  /** Queues a mark and sends it if that is possible now. The promise settles when the server has answered. */
  add(mark: Mark): { frame: MarkFrame; sent: boolean; receipt: Promise<Receipt> };
  /** In a new session, what has no answer yet goes out again, under the same keys. */
  resend(): void;
  receipt(frame: ReceiptFrame): void;
  /** Gives the refused mark back; undefined when there is none, or when it is worth another try. */
  error(frame: ErrorFrame): Refusal | undefined;
  /** Refuses all, and gives them back. */
  fail(error: HubError): Refusal[];
  /** Items and counts as they will be once the server has agreed to everything. */
  overlay(state: State): { items: Items; counts: Counts };
}

/** `crypto.randomUUID` is not there on plain http. */
const random = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');

/**
 * The marks that the server hasn't answered yet, in order. They are shown at once, and sent again until answered.
 * `send` is false when there is no session to send in.
 */
export function createMarks(send: (frame: MarkFrame) => boolean): Marks {
  const pending = new Map<string, Pending>();
  let room = A_SECOND;

  /** Sends what hasn't been, in order, as fast as it may. */
  function pump(): void {
    for (const mark of pending.values()) {
      if (mark.sent || !room || !send(mark.frame)) continue;
      mark.sent = true;
      room--;
      setTimeout(() => {
        room++;
        pump();
      }, 1000);
    }
  }

  function take(id: string): Pending | undefined {
    const mark = pending.get(id);
    pending.delete(id);
    return mark;
  }

  function refuse({ frame, reject }: Pending, error: HubError): Refusal {
    take(frame.id);
    reject(error);
    return { mark: frame, error };
  }

  function again(mark: Pending): void {
    mark.sent = false;
    pump();
  }

  return {
    add(mark) {
      const id = random();
      const frame: MarkFrame = { type: 'mark', id, key: id, ...mark };
      const receipt = new Promise<Receipt>((resolve, reject) => {
        if (pending.size >= LIMIT) return reject(new HubError('queue_full'));
        pending.set(id, { frame, at: new Date().toISOString(), sent: false, resolve, reject });
      });
      pump();
      return { frame, sent: !!pending.get(id)?.sent, receipt };
    },
    resend() {
      for (const mark of pending.values()) mark.sent = false;
      pump();
    },
    receipt({ id, seq, changed, counts }) {
      take(id)?.resolve({ seq, changed, counts });
    },
    error({ id = '', code, title, status = 400, retry_after = 1 }) {
      const mark = pending.get(id);
      if (!mark) return;
      if (status !== 429 && status < 500) return refuse(mark, new HubError(code, title, status));
      setTimeout(again, retry_after * 1000, mark);
    },
    fail: (error) => [...pending.values()].map((mark) => refuse(mark, error)),
    overlay({ items, counts }) {
      const guess = { items: new Map(items), counts };
      for (const mark of pending.values()) guess.counts = suppose(guess.items, guess.counts, mark);
      return guess;
    },
  };
}

/** Does one unconfirmed mark to `items`, and returns the counts with what that changes. */
function suppose(items: Map<string, Item>, { ...counts }: Counts, { frame, at }: Pending): Counts {
  for (const before of targets(items, frame)) {
    const after = changed(before, { ...frame, at });
    put(items, before.id, after);
    counts.unread += +unread(after) - +unread(before);
    counts.unseen += +unseen(after) - +unseen(before);
  }
  // What isn't loaded is marked too.
  if (frame.all && !frame.filter) {
    counts.unseen = 0;
    if (frame.op !== 'seen') counts.unread = 0;
  }
  return counts;
}

function targets(items: Items, { ids, upto = 0, filter = {} }: MarkFrame): Item[] {
  if (ids) return ids.flatMap((id) => items.get(id) ?? []);
  return [...items.values()].filter((item) => item.surfaced_seq <= upto && matches(item, filter));
}
