// What really happened, by the merchant's own ids: every time the bank was asked, and every intent.
import type Stripe from 'stripe';
import type { World } from '../store/world.ts';

export interface TrueCharge {
  readonly stripeChargeId: string;
  readonly paymentIntentId: string | null;
  /** `metadata.chargeId` and `metadata.customerId` as they were when the bank was asked. */
  readonly chargeId: string | null;
  readonly customerId: string | null;
  readonly paymentMethodId: string | null;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
  readonly paid: boolean;
  readonly refunded: boolean;
  readonly amountRefunded: number;
  readonly declineCode: string | null;
  /** RFC 3339, on the emulator's clock. */
  readonly at: string;
}

export interface TrueIntent {
  readonly paymentIntentId: string;
  readonly chargeId: string | null;
  readonly customerId: string | null;
  readonly status: string;
  readonly amount: number;
  readonly amountReceived: number;
  readonly currency: string;
  readonly confirmations: number;
  readonly at: string;
}

export interface Truth {
  /** How often the bank was asked, and how often money moved. */
  readonly attempts: number;
  readonly succeeded: number;
  readonly charges: TrueCharge[];
  readonly intents: TrueIntent[];
}

/** Oldest first; with `chargeId` only what carries it as `metadata.chargeId`. */
export function truth({ store }: World, chargeId?: string): Truth {
  const wanted = (metadata: Stripe.Metadata) => chargeId === undefined || metadata.chargeId === chargeId;
  const charges = store.charges
    .newestFirst()
    .reverse()
    .filter(({ wire }) => wanted(wire.metadata))
    .map(({ wire }) => trueCharge(wire));
  const intents = store.paymentIntents
    .newestFirst()
    .reverse()
    .filter(({ wire }) => wanted(wire.metadata))
    .map(({ wire, confirmations }) => ({
      paymentIntentId: wire.id,
      chargeId: wire.metadata.chargeId ?? null,
      customerId: wire.metadata.customerId ?? null,
      status: wire.status,
      amount: wire.amount,
      amountReceived: wire.amount_received,
      currency: wire.currency,
      confirmations,
      at: rfc3339(wire.created),
    }));
  const succeeded = charges.filter((charge) => charge.status === 'succeeded').length;
  return { attempts: charges.length, succeeded, charges, intents };
}

function trueCharge(wire: Stripe.Charge): TrueCharge {
  return {
    stripeChargeId: wire.id,
    paymentIntentId: typeof wire.payment_intent === 'string' ? wire.payment_intent : null,
    chargeId: wire.metadata.chargeId ?? null,
    customerId: wire.metadata.customerId ?? null,
    paymentMethodId: wire.payment_method,
    amount: wire.amount,
    currency: wire.currency,
    status: wire.status,
    paid: wire.paid,
    refunded: wire.refunded,
    amountRefunded: wire.amount_refunded,
    declineCode: wire.outcome?.reason ?? null,
    at: rfc3339(wire.created),
  };
}

function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
