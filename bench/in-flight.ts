// Does the same for each of many, so many at a time.

/** @returns once all have ended; the first error ends it earlier */
export async function inFlight<Item>(
  limit: number,
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<unknown>,
): Promise<void> {
  const waiting = items.entries();
  const one = async () => {
    for (const [index, item] of waiting) await act(item, index);
  };
  await Promise.all(Array.from({ length: limit }, one));
}
