// A customer whose attempt has been started, as the workflow gives it to the activity, and the activity run as Temporal runs it.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createAttemptChargeActivity } from '../../activities/attempt-charge.ts';
import { confirmPaymentIntent } from '../../activities/confirm-payment-intent.ts';
import { createPaymentIntent } from '../../activities/create-payment-intent.ts';
import type { CustomerStep } from '../../activities/dependencies.ts';
import type { EventOf } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type { StepOf } from '../../domain/model/steps.ts';
import { sentState } from '../../domain/sent-state.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { StripeClient } from '../../stripe/client.ts';
import { callStripe } from '../../stripe/errors.ts';
import { attempt, charge, enrolled, mandate } from '../domain/fixtures.ts';

export interface Dependencies {
  readonly stripe: StripeClient;
  readonly ledger: Ledger;
}

/** Everything that a test does not say is as in a first attempt over 20 EUR. */
export function attempting({
  customerId,
  chargeId,
  paymentIntentId = null,
  intentNumber = 1,
  attemptNumber = 1,
  amount = 2000,
  currency = 'eur',
  stripeCustomerId = 'cus_1',
  paymentMethodId = 'pm_1',
  stripeMandateId = null,
  fingerprint = 'fp',
  known = null,
}: Partial<StepOf<'attemptCharge'>> & {
  readonly customerId: string;
  readonly chargeId: string;
}): CustomerState {
  const started = { number: attemptNumber, intentNumber, paymentMethodId, stripeMandateId, fingerprint };
  return enrolled({
    customerId,
    policy: DEFAULT_POLICY,
    stripeCustomerId,
    mandate: mandate({ paymentMethodId, stripeMandateId }),
    charges: [
      charge({
        chargeId,
        amount,
        currency,
        paymentIntentId,
        intentNumber,
        stripeChargeId: known,
        phase: { is: 'attempting' },
        attempts: [attempt({ ...started, outcome: null })],
        attemptCount: attemptNumber,
      }),
    ],
  });
}

/** Runs the activity once, as its try number `attempt`. */
export async function attemptOnce(
  dependencies: Dependencies,
  state: CustomerState,
  { attempt: number = 1, nowMs = Date.now() }: { readonly attempt?: number; readonly nowMs?: number } = {},
): Promise<EventOf<'chargeAttempted'>> {
  const { attemptCharge } = createAttemptChargeActivity({
    ...dependencies,
    policy: DEFAULT_POLICY,
    notices: null,
  });
  const info = { attempt: number, scheduledTimestampMs: Date.now(), startToCloseTimeoutMs: 60_000 };
  const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
  const chargeId = state.charges.find(({ phase }) => phase.is === 'attempting')?.chargeId ?? 'none';
  // What reaches an activity has been JSON.
  const input = JSON.parse(JSON.stringify({ chargeId, state: sentState(state), nowMs }));
  return await environment.run(attemptCharge, input);
}

/** The two requests of an attempt, each by itself, with errors as they reach Temporal. */
export function requests(dependencies: Dependencies) {
  const firstTry = { isFirst: true, nowMs: Date.now, failUnlessWanted: () => undefined };
  return {
    createPaymentIntent: (step: CustomerStep<'attemptCharge'>) =>
      callStripe(async () => {
        const { claimed } = await createPaymentIntent(dependencies, step);
        return { paymentIntentId: claimed?.paymentIntentId ?? 'none' };
      }),
    confirmPaymentIntent: (step: CustomerStep<'attemptCharge'> & { readonly paymentIntentId: string }) =>
      callStripe(() => confirmPaymentIntent(dependencies, step, 0, firstTry)),
  };
}

/** A first attempt over 20 EUR, as a step. */
export function stepOf(
  over: Partial<CustomerStep<'attemptCharge'>> & { readonly customerId: string; readonly chargeId: string },
): CustomerStep<'attemptCharge'> {
  return {
    do: 'attemptCharge',
    paymentIntentId: null,
    intentNumber: 1,
    attemptNumber: 1,
    amount: 2000,
    currency: 'eur',
    stripeCustomerId: 'cus_1',
    paymentMethodId: 'pm_1',
    stripeMandateId: null,
    fingerprint: null,
    known: null,
    ...over,
  };
}
