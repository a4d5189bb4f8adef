// One attempt to collect a charge: its intent is made and written down, confirmed, and what came of it put on record.
import { ApplicationFailure } from '@temporalio/activity';
import { advanceAll } from '../domain/advance.ts';
import { attemptUnderWay } from '../domain/charge/attempts.ts';
import type { CustomerEvent, EventOf, TimedEvent } from '../domain/model/events.ts';
import { mustBeRecorded } from '../domain/next-step.ts';
import { receivedState, type SentState } from '../domain/sent-state.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { failureFrom, isRateLimit } from '../stripe/errors.ts';
import { confirmPaymentIntent } from './confirm-payment-intent.ts';
import { createPaymentIntent } from './create-payment-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';
import { type RecordDependencies, recordAttempt } from './record-state.ts';
import { currentTry, type Try } from './try.ts';

/** A customer whose attempt has been started: its number, card and terms are in the state. */
export interface AttemptToMake {
  readonly chargeId: string;
  readonly state: SentState;
  /** By the workflow's clock, epoch ms. */
  readonly nowMs: number;
}

type Request = NonNullable<EventOf<'refused'>['request']>;

export function createAttemptChargeActivity(dependencies: StripeDependencies & RecordDependencies) {
  const { ledger } = dependencies;
  return {
    /**
     * May be repeated at any point, also by a worker that woke up late: everything is asked under the same keys, nothing
     * is confirmed that is not written down, and one that is on record already is answered from there
     * (docs/decisions/0002).
     * @throws ApplicationFailure `StripeUnavailable`, `StripeRateLimited`, `KillSwitchOn`, `GivenUp`: it may have been paid
     * @throws whatever the database throws: the same
     */
    async attemptCharge({
      chargeId,
      state: sent,
      nowMs,
    }: AttemptToMake): Promise<EventOf<'chargeAttempted'>> {
      const state = receivedState(sent);
      const { customerId, sequence: afterSequence } = state;
      const attempt = attemptUnderWay(state, chargeId);
      if (attempt === null) throw ApplicationFailure.nonRetryable('no attempt is under way', 'NoAttempt');
      const { intentNumber, attemptNumber } = attempt;
      const key = { customerId, chargeId, intentNumber, attemptNumber, afterSequence };
      const thisTry = currentTry(nowMs);
      const earlier = await ledger.recordedAttempt(key);
      if (earlier === 'over') {
        const event = { kind: 'alreadyClosed', chargeId } as const;
        return {
          kind: 'chargeAttempted',
          chargeId,
          events: [{ event, atMs: thisTry.nowMs() }],
          recorded: null,
        };
      }
      if (earlier !== null) return { kind: 'chargeAttempted', chargeId, ...earlier };

      const events: TimedEvent[] = [];
      for await (const event of askStripe(dependencies, { ...attempt, customerId }, thisTry))
        events.push({ event, atMs: thisTry.nowMs() });
      const next = advanceAll(state, events);
      if (!mustBeRecorded(next)) return { kind: 'chargeAttempted', chargeId, events, recorded: null };
      const answer = await recordAttempt(dependencies, { state: next, nowMs: thisTry.nowMs() }, key, events);
      return { kind: 'chargeAttempted', chargeId, ...answer };
    },
  };
}

/** What Stripe answers, each answer as soon as it is there. */
async function* askStripe(
  dependencies: StripeDependencies,
  step: CustomerStep<'attemptCharge'>,
  thisTry: Try,
): AsyncGenerator<CustomerEvent> {
  let request: Request = 'create';
  const { chargeId } = step;
  try {
    const known = step.paymentIntentId;
    const claimed =
      known === null ? yield* create(dependencies, step) : await claimedEarlier(dependencies, known);
    if (claimed === null) return;
    request = 'confirm';
    const { paymentIntentId, indexedForMs } = claimed;
    yield await confirmPaymentIntent(dependencies, { ...step, paymentIntentId }, indexedForMs, thisTry);
  } catch (error) {
    if (isRateLimit(error) && thisTry.isFirst) yield { kind: 'rateLimited', chargeId };
    else yield refusal(step, request, error);
  }
}

/** @returns what may be confirmed */
async function* create(
  dependencies: StripeDependencies,
  step: CustomerStep<'attemptCharge'>,
): AsyncGenerator<CustomerEvent, { paymentIntentId: string; indexedForMs: number } | null> {
  const { chargeId } = step;
  const { madeId, claimed } = await createPaymentIntent(dependencies, step);
  const isOurs = claimed?.paymentIntentId === madeId;
  yield isOurs
    ? { kind: 'paymentIntentCreated', chargeId, paymentIntentId: madeId }
    : { kind: 'claimRefused', chargeId, paymentIntentId: claimed?.paymentIntentId ?? null };
  return isOurs ? claimed : null;
}

async function claimedEarlier({ ledger }: StripeDependencies, paymentIntentId: string) {
  return { paymentIntentId, indexedForMs: await ledger.indexedForMs(paymentIntentId) };
}

/** @throws ApplicationFailure for everything but a refusal: nobody knows what came of it */
function refusal(
  { customerId: _known, ...step }: CustomerStep<'attemptCharge'>,
  request: Request,
  error: unknown,
): EventOf<'refused'> {
  const failure = failureFrom(error);
  if (failure.type !== 'StripeRejected') throw failure;
  const [code, requestId, param] = (failure.details ?? []).map((detail) =>
    typeof detail === 'string' ? detail : undefined,
  );
  return { kind: 'refused', step, request, code: code ?? 'unknown', ...omitUndefined({ requestId, param }) };
}
