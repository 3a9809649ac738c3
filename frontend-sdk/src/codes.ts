/** Close codes. The range is the contract: 4000–4499 come back, 4500–4999 stop, all others are the network's. */

export const ABNORMAL = 1006;
export const TOKEN_EXPIRED = 4010;

/** Whether a client that was closed with this code must not come back by itself. */
export const stops = (code: number): boolean => code >= 4500 && code <= 4999;
