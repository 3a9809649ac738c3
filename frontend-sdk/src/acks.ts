import { focused } from './attention';
import type { ClientFrame } from './types';

const APART = 1000;

export interface Acks {
  /** Everything up to `seq` is stored: tells if that is news, or if a human has come to look at it since. */
  stored(seq?: number): void;
  /** A session has ended, and the next knows nothing of what this one was told. */
  reset(): void;
}

/** Tells the server what this client has stored, at most once a second, and whether a human is looking at it. */
export function createAcks(send: (frame: ClientFrame) => void): Acks {
  let stored = 0;
  let acked = 0;
  let looked = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(seq = stored): void {
    stored = seq;
    const looking = focused();
    if (!seq || timer || (seq <= acked && (looked || !looking))) return;
    acked = seq;
    looked = looking;
    send({ type: 'ack', seq, focused: looking });
    timer = setTimeout(() => {
      timer = undefined;
      tell();
    }, APART);
  }

  function reset(): void {
    clearTimeout(timer);
    timer = undefined;
    stored = acked = 0;
  }

  return { stored: tell, reset };
}
