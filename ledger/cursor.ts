// Where a page ended: opaque to callers, the last row's sort key to us. It trusts nothing that comes back.
import { isId } from '../domain/shared/ids.ts';

/** A time or a sequence first, then the ids that make the key unique. */
export type SortKey = readonly [number, ...string[]];

export function cursorOf(key: SortKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * The sort key in a cursor that is to hold `ids` ids.
 * @throws RangeError when it is not one that `cursorOf` made for such a list
 */
export function sortKeyOf(cursor: string, ids: number): SortKey {
  const key = parsed(Buffer.from(cursor, 'base64url').toString());
  if (!isSortKey(key) || key.length !== ids + 1 || cursorOf(key) !== cursor) {
    throw new RangeError('the cursor is malformed: use `nextCursor` of an earlier page of the same list');
  }
  return key;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no sort key either
  }
}

function isSortKey(value: unknown): value is SortKey {
  if (!Array.isArray(value)) return false;
  const [number, ...ids] = value;
  return Number.isSafeInteger(number) && ids.every((id) => typeof id === 'string' && isId(id));
}
