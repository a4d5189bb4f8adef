// The id of one of Stripe's objects, wherever a field holds either the id or the expanded object.

/** Null where there is neither. */
export function idOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const { id } = (value ?? {}) as { readonly id?: unknown };
  return typeof id === 'string' ? id : null;
}
