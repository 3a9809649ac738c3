export type GetToken = () => string | Promise<string>;

export interface Tokens {
  /** The token; '' when a session cookie does instead. */
  get(): Promise<string>;
  /** The server refused it, or it is time for another. */
  forget(): void;
}

/** A token with less life left than this, in ms, is replaced before it is used. */
export const MARGIN = 30_000;

/** When a JWT ends, in ms since 1970; 0 when it doesn't say. It is not verified here: that is the server's part. */
export function expiry(token: string): number {
  try {
    const payload = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    return JSON.parse(atob(payload)).exp * 1000 || 0;
  } catch {
    return 0;
  }
}

/** The application's token, asked for when there is none, when it is about to end, and when the server refused it. */
export function createTokens(getToken: GetToken | undefined): Tokens {
  let token = '';
  return {
    async get() {
      if (getToken && expiry(token) < Date.now() + MARGIN) token = await getToken();
      return token;
    },
    forget() {
      token = '';
    },
  };
}
