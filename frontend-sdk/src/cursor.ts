/** A cursor is `epoch:seq`: a place in one subscriber's changes. */

export const seqOf = (cursor: string): number => +cursor.split(':')[1]!;

export const epochOf = (cursor: string): string => cursor.split(':')[0]!;
