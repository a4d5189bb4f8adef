// A ledger without a database: what was accepted, what is closed, and whose an intent is.
import type { CustomerEvent, EventOf, RememberedCharge } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';

type OpenCharge = EventOf<'openCharge'>;

export class LedgerModel {
  /** Charges whose end is recorded. */
  readonly closings = new Set<string>();
  readonly accepted = new Map<string, OpenCharge & { openedAtMs: number }>();
  readonly closed = new Map<string, 'succeeded' | 'failed' | 'cancelled' | 'waived'>();
  /** How often issuers had been asked before a charge that had failed was begun anew. */
  readonly asksBeforeReopening = new Map<string, number>();
  readonly objectIndex: { stripeId: string; chargeId: string }[] = [];
  /** Outcomes on record for each of Stripe's charges. */
  readonly outcomes = new Map<string, string[]>();
  /** Charges of which it is on record that another amount came in. */
  readonly amountsDiffer = new Set<string>();
  /** What is on record last of each refund and dispute. */
  readonly moneyBack = new Map<string, string>();
  snapshot: CustomerState | null = null;
  /** The newest attempt that was put on record by its activity: after which fact, and through which. */
  newestAttempt: { readonly chargeId: string; readonly after: number; readonly through: number } | null =
    null;
  readonly #ruledOut = new Map<string, number>();

  load(): CustomerEvent {
    const open = [...this.accepted.values()].filter(({ chargeId }) => !this.closed.has(chargeId));
    const charges = open.map(
      ({ chargeId, amount, currency, openedAtMs, dueAtMs, policy }): RememberedCharge => ({
        chargeId,
        amount,
        currency,
        openedAtMs,
        dueAtMs: dueAtMs ?? null,
        ...(policy === undefined ? {} : { policy }),
        paymentIntentId: this.objectIndex.findLast((entry) => entry.chargeId === chargeId)?.stripeId ?? null,
      }),
    );
    return { kind: 'loaded', snapshot: this.snapshot, charges };
  }

  remember(stripeId: string, chargeId: string): void {
    if (!this.objectIndex.some((entry) => entry.stripeId === stripeId))
      this.objectIndex.push({ stripeId, chargeId });
  }

  /** As `claimIntent` of the ledger. */
  claim(
    stripeId: string,
    chargeId: string,
    number: number,
    isCanceled: (id: string) => boolean,
  ): string | null {
    const open = this.#openIntent(chargeId, (id) => id !== stripeId && isCanceled(id));
    if (open) return open;
    if (number <= (this.#ruledOut.get(chargeId) ?? 0)) return null;
    this.remember(stripeId, chargeId);
    return stripeId;
  }

  /** As `ruleOutIntents` of the ledger. */
  ruleOut(chargeId: string, through: number, isPassedOver: (id: string) => boolean): string | null {
    const open = this.#openIntent(chargeId, isPassedOver);
    if (open) return open;
    this.#ruledOut.set(chargeId, Math.max(through, this.#ruledOut.get(chargeId) ?? 0));
    return null;
  }

  #openIntent(chargeId: string, isPassedOver: (id: string) => boolean): string | undefined {
    return this.objectIndex.find((entry) => entry.chargeId === chargeId && !isPassedOver(entry.stripeId))
      ?.stripeId;
  }

  /** What nobody ever confirmed and nobody has on record is harmless: no one holds its secret. */
  knows(paymentIntentId: string, confirms: number): boolean {
    return confirms > 0 || this.objectIndex.some(({ stripeId }) => stripeId === paymentIntentId);
  }
}
