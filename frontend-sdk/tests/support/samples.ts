import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FRAMES = join(import.meta.dirname, '../../../tests/contract/frames');

/** The contract's sample frames of one type, `server/ready` for example. The Python edge is held to the same ones. */
export function samples<T>(type: string): { name: string; frame: T }[] {
  return JSON.parse(readFileSync(join(FRAMES, `${type}.json`), 'utf8'));
}

export const typesOf = (side: 'server' | 'client'): string[] =>
  readdirSync(join(FRAMES, side)).map((name) => name.replace('.json', ''));
