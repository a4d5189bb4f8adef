// The customer at their bank: finding the intent that waits for them, and answering in their place.
import { resourceMissing } from '../http/errors.ts';
import type { Challenge, PaymentIntentRecord, SetupIntentRecord } from '../store/records.ts';
import type { Call, World } from '../store/world.ts';
import { answerPaymentChallenge, confirmPayment } from './confirm-payment.ts';
import { answerSetupChallenge } from './confirm-setup.ts';

export type Waiting =
  | { readonly kind: 'setup'; readonly record: SetupIntentRecord; readonly challenge: Challenge }
  | { readonly kind: 'payment'; readonly record: PaymentIntentRecord; readonly challenge: Challenge };

/** The intent behind a challenge, or null once that has been answered or replaced. */
export function waitingFor({ store }: World, challengeId: string): Waiting | null {
  for (const record of store.paymentIntents.newestFirst()) {
    if (record.challenge?.id === challengeId) return { kind: 'payment', record, challenge: record.challenge };
  }
  for (const record of store.setupIntents.newestFirst()) {
    if (record.challenge?.id === challengeId) return { kind: 'setup', record, challenge: record.challenge };
  }
  return null;
}

/** Answers a challenge. */
export function answer(call: Call, waiting: Waiting, result: 'succeed' | 'fail'): void {
  if (waiting.kind === 'setup') answerSetupChallenge(call, waiting.record, result);
  else answerPaymentChallenge(call, waiting.record, result);
}

/**
 * The customer does all that is asked of them for this intent: where a payment was declined for want of them,
 * they come to the page first and confirm with the same card, as Stripe.js would.
 * @returns the intent's status then, or null when it waits for nobody
 * @throws StripeProblem 404 if there is no such intent
 */
export function visitBank(call: Call, intentId: string, result: 'succeed' | 'fail'): string | null {
  const { store } = call.world;
  const setup = store.setupIntents.get(intentId);
  if (setup) {
    if (!setup.challenge) return null;
    answerSetupChallenge(call, setup, result);
    return setup.wire.status;
  }
  const payment = store.paymentIntents.get(intentId);
  if (!payment) throw resourceMissing('intent', intentId);
  if (!payment.challenge) {
    const card = payment.wire.last_payment_error?.payment_method?.id;
    if (payment.wire.status !== 'requires_payment_method' || !card || payment.bankWantsCustomerOf !== card) {
      return null;
    }
    confirmPayment({ ...call, publishable: true }, payment, { payment_method: card });
  }
  if (payment.challenge) answerPaymentChallenge(call, payment, result);
  return payment.wire.status;
}
