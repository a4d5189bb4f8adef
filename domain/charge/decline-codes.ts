// What a decline means, read from the table: its class, how long to wait at least, and what the customer may be told.
import type { Decline } from '../model/charge.ts';
import {
  BY_ADVICE,
  BY_BLOCK_REASON,
  BY_CODE,
  BY_NETWORK_ADVICE,
  type CustomerWords,
  type DeclineClass,
  type DeclineEntries,
  type DeclineEntry,
  STRICTNESS,
} from './decline-table.ts';

export type { DeclineClass } from './decline-table.ts';

/** What decides: the rest of a decline is for the record. */
export type DeclineReason = Pick<Decline, 'code' | 'declineCode' | 'adviceCode'> &
  Partial<Pick<Decline, 'networkAdviceCode' | 'network' | 'blockedFor'>>;

/**
 * What we may do after a decline. Authentication comes first; then what Stripe itself blocked; then the most restrictive
 * of the issuer's advice, the network's, and the reason: the decline code, else the error's own code.
 * Sources: docs.stripe.com/declines/codes, docs.stripe.com/declines/card#retrying-issuer-declines
 */
export function classifyDecline(decline: DeclineReason): DeclineClass {
  return decidingEntry(decline).class;
}

/** How long nobody is to be asked again, in hours; 0 where nobody says so. */
export function notBeforeHours(decline: DeclineReason): number {
  return Math.max(0, ...entriesOf(decline).map((entry) => entry.notBeforeHours ?? 0));
}

/** What the customer may be told; of what Stripe wants kept from them no more than that it was declined. */
export function wordsForCustomer(decline: DeclineReason): CustomerWords {
  const { words } = decidingEntry(decline);
  return words ?? 'declined';
}

function decidingEntry(decline: DeclineReason): DeclineEntry {
  const entries = entriesOf(decline);
  return entries.reduce((strictest, entry) => (rank(entry) > rank(strictest) ? entry : strictest));
}

/** The reason first: where another one is no stricter, it decides. */
function entriesOf(decline: DeclineReason): readonly [DeclineEntry, ...DeclineEntry[]] {
  const { code, declineCode, adviceCode, blockedFor, network, networkAdviceCode } = decline;
  const codes = [declineCode, code].map((word) => entryOf(BY_CODE, word));
  const authentication = codes.find((entry) => entry?.class === 'step_up');
  if (authentication) return [authentication];
  if (blockedFor) return [entryOf(BY_BLOCK_REASON, blockedFor) ?? { class: 'blocked' }];
  const advised = [
    entryOf(BY_ADVICE, adviceCode),
    entryOf(BY_NETWORK_ADVICE[network ?? ''] ?? {}, networkAdviceCode),
  ].filter((entry) => entry !== undefined);
  return [reasonOf(decline, codes), ...advised];
}

/** That a card was declined says nothing where the decline code is one that nobody has documented. */
function reasonOf(
  { code, declineCode }: DeclineReason,
  [byDeclineCode, byCode]: readonly (DeclineEntry | undefined)[],
): DeclineEntry {
  if (byDeclineCode) return byDeclineCode;
  const isNoReason = code === 'card_declined' && declineCode !== null;
  return (isNoReason ? undefined : byCode) ?? { class: 'unknown' };
}

/** Whatever Stripe sends may be the name of something that every object has. */
function entryOf(entries: DeclineEntries, code: string | null | undefined): DeclineEntry | undefined {
  return code !== null && code !== undefined && Object.hasOwn(entries, code) ? entries[code] : undefined;
}

function rank(entry: DeclineEntry): number {
  return STRICTNESS.indexOf(entry.class);
}
