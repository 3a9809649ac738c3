import { createBackoff } from './backoff';
import { ABNORMAL, stops } from './codes';
import type { ClientFrame, HelloFrame, ServerFrame } from './types';

export type ConnectionState = 'idle' | 'connecting' | 'online' | 'offline' | 'closed';

export type WebSocketClass = new (url: string, protocols: string[]) => WebSocket;

/** What a connection tells and asks. */
export interface Wire {
  /** The first frame; its rejection counts as a failed try. */
  hello(): Promise<HelloFrame>;
  frame(frame: ServerFrame): void;
  changed(): void;
  /** The socket is gone; `final` when the server said not to come back. */
  ended(code: number, reason: string, final: boolean): void;
}

export interface Connection {
  state(): ConnectionState;
  open(): void;
  /** Comes back at once if it is waiting to. */
  wake(): void;
  close(): void;
  /** Whether the frame was handed to a live session. */
  send(frame: ClientFrame): boolean;
}

/** Until `ready` says how often the server pings. */
const READY_WITHIN = 15_000;
const STABLE_AFTER = 10_000;

/** One socket that comes back: opens, greets, notices silence, backs off, and stops when it is told to. */
export function createConnection(url: string, Socket: WebSocketClass, wire: Wire): Connection {
  const backoff = createBackoff();
  const timers: Record<string, ReturnType<typeof setTimeout>> = {};
  let state: ConnectionState = 'idle';
  let socket: WebSocket | undefined;
  let patience = READY_WITHIN;
  /** counts tries, so that what belongs to an earlier one is ignored */
  let turn = 0;

  async function attempt(): Promise<void> {
    release();
    const mine = turn;
    patience = READY_WITHIN;
    listen();
    enter('connecting');
    try {
      const hello = await wire.hello();
      if (mine === turn) dial(hello);
    } catch {
      if (mine === turn) lost(ABNORMAL);
    }
  }

  function dial(hello: HelloFrame): void {
    const mine = new Socket(url, ['hub.v1']);
    socket = mine;
    mine.onopen = () => mine.send(JSON.stringify(hello));
    mine.onmessage = ({ data }) => receive(JSON.parse(data));
    mine.onclose = ({ code, reason }) => lost(code, reason);
  }

  function receive(frame: ServerFrame): void {
    if (frame.type === 'ready') {
      patience = 2 * frame.ping_ms;
      after('stable', STABLE_AFTER, backoff.reset);
      enter('online');
    }
    listen();
    if (frame.type === 'ping') send({ type: 'pong' });
    if (frame.type === 'goaway') lost(ABNORMAL, frame.reason, between(frame.retry_ms));
    else wire.frame(frame);
  }

  /** Silence for longer than two pings means that nobody is there. */
  function listen(): void {
    after('silence', patience, () => lost(ABNORMAL));
  }

  function lost(code: number, reason = '', wait = backoff.next()): void {
    release();
    const final = stops(code);
    if (!final) after('retry', wait, attempt);
    enter(final ? 'closed' : 'offline');
    wire.ended(code, reason, final);
  }

  /** Lets go of the socket and all timers. Its close event is not awaited: on a dead network it takes minutes. */
  function release(): void {
    turn++;
    for (const name in timers) clearTimeout(timers[name]);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = undefined;
  }

  function after(name: string, wait: number, fn: () => void): void {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(fn, wait);
  }

  function enter(next: ConnectionState): void {
    if (state === next) return;
    state = next;
    wire.changed();
  }

  function send(frame: ClientFrame): boolean {
    if (state !== 'online' || socket?.readyState !== 1) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  return {
    state: () => state,
    open() {
      if (state === 'idle' || state === 'closed') void attempt();
    },
    wake() {
      if (state === 'offline') void attempt();
    },
    close() {
      release();
      enter('closed');
    },
    send,
  };
}

const between = ([least, most]: [number, number]): number => least + Math.random() * (most - least);
