// What must never be read in a log, an error, a metric or a history.

export type Forbidden = readonly (readonly [what: string, pattern: RegExp])[];

/** Forbidden whoever's they are. */
const ALWAYS: Forbidden = [
  ['a client secret', /_secret_/],
  ['a Stripe key', /[sr]k_(test|live)_/],
  ['a signing secret', /whsec_/],
  ['a link', /eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/],
  ['a card number', /42424242|5555555555554444|4000002500003155/],
  ['an authorization', /Bearer [\w-]{10}/],
];

/** @param own the very texts that are secret or personal where it is searched, by what they are */
export function forbidden(own: { readonly [what: string]: readonly string[] }): Forbidden {
  const literal = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return [
    ...ALWAYS,
    ...Object.entries(own).map(([what, texts]) => [what, new RegExp(texts.map(literal).join('|'))] as const),
  ];
}

/** Where each kind that this text holds is first. */
export function secretsIn(text: string, all: Forbidden): { readonly what: string; readonly at: number }[] {
  return all.map(([what, pattern]) => ({ what, at: text.search(pattern) })).filter(({ at }) => at !== -1);
}
