export interface Emitter<Events> {
  /** Returns its own undoing. */
  on<K extends keyof Events>(event: K, fn: (payload: Events[K]) => void): () => void;
  emit<K extends keyof Events>(event: K, payload: Events[K]): void;
}

export function createEmitter<Events>(): Emitter<Events> {
  const listeners = new Set<[keyof Events, (payload: never) => void]>();
  return {
    on(event, fn) {
      const listener: [keyof Events, (payload: never) => void] = [event, fn];
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(event, payload) {
      for (const [name, fn] of [...listeners]) if (name === event) fn(payload as never);
    },
  };
}
