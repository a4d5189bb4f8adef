// What the truth at Stripe must say of a simulated customer at any time, with what the ledger says.
import { DEFAULT_COLLECTION, DEFAULT_POLICY } from '../../../domain/shared/policy.ts';
import { DAY } from '../../../domain/shared/time.ts';
import type { LedgerModel } from './ledger.ts';
import type { StripeModel } from './stripe.ts';

const { attempts: attemptsPerCharge } = DEFAULT_COLLECTION;
const { visa, mastercard, other } = DEFAULT_POLICY.budgets;
type Ask = StripeModel['askedByUs'][number];

/** The first rule that the truth at Stripe breaks, in words: it must hold at any time. */
export function brokenTruth(stripe: StripeModel, ledger: LedgerModel): string | null {
  const chargeIds = new Set([...stripe.intents.values()].map(({ chargeId }) => chargeId));
  for (const chargeId of chargeIds) {
    const payments = stripe.paymentsOf(chargeId);
    if (payments > 1) return `a charge succeeds at most once: ${chargeId} was paid ${payments} times`;
    const live = stripe
      .intentsOf(chargeId)
      .filter(({ id, confirms, status }) => ledger.knows(id, confirms) && status !== 'canceled');
    if (live.length > 1)
      return `a charge has at most one live intent: ${live.map(({ id }) => id).join(', ')}`;
    const as = ledger.closed.get(chargeId);
    if (as === 'succeeded' && payments !== 1) return `what the ledger calls paid is paid: ${chargeId}`;
    if (as !== undefined && as !== 'succeeded') {
      if (payments > 0) return `what the ledger calls ${as} is unpaid: ${chargeId}`;
      const payable = stillPayable(chargeId, stripe, ledger);
      if (payable) return payable;
    }
    const owed = ledger.accepted.get(chargeId)?.amount;
    const other = stripe
      .intentsOf(chargeId)
      .find(({ amountReceived }) => amountReceived > 0 && amountReceived !== owed);
    if (other && as === 'succeeded' && !ledger.amountsDiffer.has(chargeId))
      return `money that came in another amount is on record: ${chargeId}, ${other.amountReceived} for ${owed}`;
    if (stripe.askedByUs.some((ask) => ask.chargeId === chargeId && ask.amount !== owed))
      return `an issuer is never asked by us for another amount than is owed: ${chargeId}`;
    const asked = stripe.askedByUs
      .slice(ledger.asksBeforeReopening.get(chargeId) ?? 0)
      .filter((ask) => ask.chargeId === chargeId).length;
    if (asked > attemptsPerCharge)
      return `an issuer is asked at most ${attemptsPerCharge} times for a charge: ${chargeId}, ${asked}`;
  }
  return brokenBudget(stripe.askedByUs.filter(({ isPaid }) => !isPaid));
}

/** What the customer tried at the bank is left out: nobody can keep them from it. */
function brokenBudget(unpaid: readonly Ask[]): string | null {
  for (const newest of unpaid) {
    const { brand, fingerprint, amount, atMs } = newest;
    const inLast = (days: number, isCounted: (ask: Ask) => boolean = () => true) =>
      unpaid.filter(
        (ask) =>
          ask.fingerprint === fingerprint &&
          ask.atMs <= atMs &&
          ask.atMs > atMs - days * DAY &&
          isCounted(ask),
      ).length;
    const counts: { readonly [brand: string]: readonly (readonly [asked: number, allowed: number])[] } = {
      visa: [
        [inLast(30, (ask) => ask.amount === amount), visa.perAmountIn30Days],
        [inLast(30), visa.perCardIn30Days],
      ],
      mastercard: [
        [inLast(1), mastercard.perCardIn24Hours],
        [inLast(30), mastercard.perCardIn30Days],
      ],
      amex: [[inLast(30), other.perCardIn30Days]],
    };
    const broken = counts[brand]?.find(([asked, allowed]) => asked > allowed);
    if (broken)
      return `a card is asked in vain at most ${broken[1]} times: ${brand} ${fingerprint}, ${broken[0]}`;
  }
  return null;
}

/** In words, that a charge which closed unpaid has an intent that could still be paid; null when it has none. */
export function stillPayable(chargeId: string, stripe: StripeModel, ledger: LedgerModel): string | null {
  const payable = stripe
    .intentsOf(chargeId)
    .find(({ id, confirms, status }) => ledger.knows(id, confirms) && status !== 'canceled');
  return payable ? `a charge that closed unpaid can never be paid: ${chargeId} has ${payable.id}` : null;
}
