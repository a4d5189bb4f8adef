// Cursors of lists: opaque to callers, to us the sort key of a page's last row.
import { isId } from '../domain/shared/ids.ts';

/** A time or a sequence first, then the ids that make the key unique. */
export type SortKey = readonly [number, ...string[]];

export function cursorOf(key: SortKey): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * The sort key in a cursor of a list whose key holds `ids` ids. A cursor comes from outside, so nothing in it is trusted.
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
    return null; // `isSortKey` refuses it
  }
}

function isSortKey(value: unknown): value is SortKey {
  if (!Array.isArray(value)) return false;
  const [number, ...ids] = value;
  return Number.isSafeInteger(number) && ids.every((id) => typeof id === 'string' && isId(id));
}
