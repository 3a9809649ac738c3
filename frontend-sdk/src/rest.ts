import { HubError } from './errors';
import type { View } from './list';
import type { Tokens } from './tokens';
import type { Counts, Item } from './types';

const DEADLINE = 15_000;

/** One page of the inbox. `next` continues it; `cursor` is where in the subscriber's changes it was read. */
export interface Page {
  items: Item[];
  next: string | null;
  counts: Counts;
  cursor: string;
}

/** The reads that the client does over HTTP. */
export interface Rest {
  page(view: View, limit: number, cursor: string | null): Promise<Page>;
  item(id: string): Promise<Item>;
}

/** `base` is the API's address without a slash at its end. */
export function createRest(base: string, tokens: Tokens): Rest {
  async function get<T>(path: string, again = true): Promise<T> {
    const token = await tokens.get();
    const response = await fetch(base + path, {
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(DEADLINE),
    });
    if (response.ok) return response.json();
    if (response.status === 401 && again) {
      tokens.forget();
      return get(path, false);
    }
    const problem = await response.json().catch(() => ({}));
    throw new HubError(problem.code ?? 'http', problem.title, response.status);
  }

  return {
    page(view, limit, cursor) {
      const query = new URLSearchParams({ limit: `${limit}` });
      for (const [key, value] of Object.entries({ ...view, cursor })) if (value) query.set(key, value);
      return get(`/inbox?${query}`);
    },
    item: (id) => get(`/inbox/${id}`),
  };
}
