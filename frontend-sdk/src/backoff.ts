const FIRST = 500;
const LONGEST = 30_000;

export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number;
  reset(): void;
}

/** Full jitter: each wait is anywhere between nothing and a ceiling that doubles from 0.5 s to 30 s. */
export function createBackoff(): Backoff {
  let tries = 0;
  return {
    next: () => Math.random() * Math.min(LONGEST, FIRST * 2 ** tries++),
    reset() {
      tries = 0;
    },
  };
}
