// Reads at Stripe what pages and enrolments need at that moment, client secrets included, which are kept nowhere.
import Stripe from 'stripe';
import { connectionTo } from './connection.ts';
import { idOf } from './object-id.ts';

/**
 * Stripe did not give what was asked for; the caller can only ask again. `cause` is fit for a log: Stripe's own error
 * may hold secrets and personal data.
 */
export class StripeUnavailable extends Error {
  override readonly name = 'StripeUnavailable';
  constructor(cause: Error) {
    super('Stripe did not answer; please try again.', { cause });
  }
}

/** A SetupIntent as a page needs it. */
export interface SetupSecret {
  /** Stripe's own word. */
  readonly status: string;
  /** For the customer's eyes only (docs.stripe.com/api/setup_intents/object#setup_intent_object-client_secret). */
  readonly clientSecret: string | null;
}

/** A PaymentIntent as a page needs it. */
export interface PaymentSecret extends SetupSecret {
  /** The card it was last tried with; Stripe clears its own field after a decline. */
  readonly paymentMethodId: string | null;
  /** Minor units of `currency`. Whoever holds a key of the account can change both before the intent is paid. */
  readonly amount: number;
  readonly currency: string;
  readonly stripeCustomerId: string | null;
}

export interface StripeReader {
  /** @throws StripeUnavailable */
  setupIntent(setupIntentId: string): Promise<SetupSecret>;
  /** @throws StripeUnavailable */
  paymentIntent(paymentIntentId: string): Promise<PaymentSecret>;
}

/** Somebody waits for the answer. */
const TIMEOUT_MS = 10_000;

/**
 * @param apiKey restricted to reading intents is enough
 * @param apiBase null for Stripe, else a stand-in such as `http://127.0.0.1:12111`
 */
export function createStripeReader({
  apiKey,
  apiBase,
}: {
  readonly apiKey: string;
  readonly apiBase: string | null;
}): StripeReader {
  const stripe = new Stripe(apiKey, {
    timeout: TIMEOUT_MS,
    maxNetworkRetries: 1,
    ...connectionTo(apiKey, apiBase),
  });
  return {
    setupIntent: (setupIntentId) =>
      reading(async () => {
        const intent = await stripe.setupIntents.retrieve(setupIntentId);
        return { status: intent.status, clientSecret: intent.client_secret };
      }),
    paymentIntent: (paymentIntentId) =>
      reading(async () => {
        const intent = await stripe.paymentIntents.retrieve(paymentIntentId);
        const card = intent.payment_method ?? intent.last_payment_error?.payment_method ?? null;
        return {
          status: intent.status,
          clientSecret: intent.client_secret,
          paymentMethodId: idOf(card),
          amount: intent.amount,
          currency: intent.currency,
          stripeCustomerId: idOf(intent.customer),
        };
      }),
  };
}

async function reading<Answer>(read: () => Promise<Answer>): Promise<Answer> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) {
      const { type, code, requestId } = error;
      throw new StripeUnavailable(new Error(`Stripe: ${type} ${code ?? ''} ${requestId ?? ''}`));
    }
    throw error;
  }
}
