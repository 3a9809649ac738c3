/** What the page tells about its human and its network. Without a document nobody is looking. */

export const focused = (): boolean =>
  typeof document !== 'undefined' && document.visibilityState === 'visible' && document.hasFocus();

/** Calls `back` when the network, the page or its human may have come back. Returns its own undoing. */
export function watch(back: () => void): () => void {
  const watching = new AbortController();
  const { signal } = watching;
  if (typeof document !== 'undefined') {
    addEventListener('online', back, { signal });
    addEventListener('focus', back, { signal });
    document.addEventListener('visibilitychange', () => document.hidden || back(), { signal });
  }
  return () => watching.abort();
}
