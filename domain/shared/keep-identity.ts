// Keeps the identity of a value that has not changed, so that callers can see that nothing has.

/** `before` where `after` says the same, else `after`. Both are plain JSON. */
export function keepIdentity<Value>(before: Value, after: Value): Value {
  return isEqual(before, after) ? before : after;
}

/** Parts that are the same object are not compared. */
function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every(
      (key) =>
        Object.hasOwn(other, key) &&
        isEqual((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
    )
  );
}
