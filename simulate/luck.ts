// Chance that depends on its words alone: each policy meets the same customers with the same luck.

/** A number in [0, 1). */
export function luck(...words: readonly (string | number)[]): number {
  let hash = 2_166_136_261;
  for (const char of words.join('/')) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
  hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** How long it takes until something happens that may happen at any time, with this mean. */
export function waiting(mean: number, chance: number): number {
  return -mean * Math.log(1 - chance);
}

/** The key under which `chance` falls, where each has its share. */
export function drawn(shares: { readonly [key: string]: number }, chance: number): string {
  const entries = Object.entries(shares);
  const total = entries.reduce((sum, [, share]) => sum + share, 0);
  let left = chance * total;
  for (const [key, share] of entries) {
    left -= share;
    if (left < 0) return key;
  }
  return entries.at(-1)?.[0] ?? '';
}
