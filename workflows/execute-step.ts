// Executes one step with one activity, and says what came of it.
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  log,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { LedgerActivities, StripeActivities } from '../activities/index.ts';
import type { CustomerEvent } from '../domain/model/events.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { Step, StepOf } from '../domain/model/steps.ts';
import { sentState } from '../domain/sent-state.ts';
import { findCharge } from '../domain/shared/charges.ts';
import { formatMoney } from '../domain/shared/money.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { HOUR, SECOND } from '../domain/shared/time.ts';
import { isAnswerTo } from './answers.ts';
import { BILLING_QUEUE, STRIPE_QUEUE } from './messages.ts';

/**
 * People who wait come first, then what somebody has just asked for, then money that is due by the calendar, then
 * everything else (docs.temporal.io/task-queue/priority). worker/assemble.ts keeps the line at Stripe by it too.
 */
const FOR_PEOPLE = 1;
const FOR_CALLERS = 2;
const FOR_MONEY = 3;
const FOR_LATER = 4;

/** Steps that need the world outside. */
export type ActivityStep = Exclude<Step, { do: 'decide' | 'wait' | 'end' }>;
/** Steps whose activity, of the same name, asks Stripe. */
type StripeStep = Exclude<ActivityStep, { do: 'load' | 'record' }>;

/**
 * The same request under the same key, three times; after that the outcome is unknown, and the domain has the object
 * read. Never once Stripe may have forgotten the key (24 hours), for then the same request would be another one: what
 * no worker has ended by half of that is unanswered as well (docs/decisions/0012).
 */
const stripe = proxyActivities<StripeActivities>({
  taskQueue: STRIPE_QUEUE,
  startToCloseTimeout: '60s',
  heartbeatTimeout: '15s', // how soon a killed worker is missed; worker/heartbeat.ts reports far more often
  scheduleToCloseTimeout: '12 hours',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
});

/** Our own database is asked until it answers, for nothing may happen that is not on record. */
const ledger = proxyActivities<LedgerActivities>({
  taskQueue: BILLING_QUEUE,
  startToCloseTimeout: '20s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Between questions to a ledger that refuses. */
const FIRST_PAUSE = 30 * SECOND;
const LONGEST_PAUSE = 1 * HOUR;

interface StripeCall<Do extends StripeStep['do']> {
  /** Shown in the timeline: at most 200 bytes. */
  readonly summary: (step: StepOf<Do>) => string;
  readonly priority: number | ((step: StepOf<Do>, state: CustomerState) => number);
  readonly cancellationType?: ActivityCancellationType;
}

/** How each step that asks Stripe is shown and how urgent it is. */
const STRIPE_CALLS: { readonly [Do in StripeStep['do']]: StripeCall<Do> } = {
  createStripeCustomer: { summary: () => 'create the customer at Stripe', priority: FOR_PEOPLE },
  createSetupIntent: {
    summary: ({ enrolmentNumber }) => `enrolment ${enrolmentNumber}: create the SetupIntent`,
    priority: FOR_PEOPLE,
  },
  confirmSetupIntent: {
    summary: ({ enrolmentNumber }) => `enrolment ${enrolmentNumber}: confirm with the card given`,
    priority: FOR_PEOPLE,
  },
  readSetupIntent: { summary: ({ setupIntentId }) => `read ${setupIntentId}`, priority: FOR_PEOPLE },
  cancelSetupIntent: { summary: ({ setupIntentId }) => `cancel ${setupIntentId}`, priority: FOR_LATER },
  attemptCharge: {
    summary: ({ chargeId, attemptNumber, amount, currency }) =>
      `${chargeId}: attempt ${attemptNumber}, ${formatMoney(amount, currency)}`,
    priority: ({ chargeId, attemptNumber }, state) =>
      attemptNumber === 1 && isDueAtOnce(state, chargeId) ? FOR_CALLERS : FOR_MONEY,
    // A call that is under way comes to its end: its answer is needed.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  },
  readPaymentIntent: { summary: ({ chargeId }) => `${chargeId}: read its intent`, priority: FOR_PEOPLE },
  cancelPaymentIntent: { summary: ({ chargeId }) => `${chargeId}: cancel its intent`, priority: FOR_LATER },
  findPaymentIntent: { summary: ({ chargeId }) => `${chargeId}: find its intent`, priority: FOR_LATER },
  readRefund: { summary: ({ refundId }) => `read ${refundId}`, priority: FOR_LATER },
  readDispute: { summary: ({ disputeId }) => `read ${disputeId}`, priority: FOR_LATER },
};

/**
 * @param isWithdrawn turns true when nobody wants the money asked for any more
 * @returns what came of it; a step without an answer is `unanswered`, never a decline
 */
export async function executeStep(
  step: ActivityStep,
  state: CustomerState,
  isWithdrawn: () => boolean,
): Promise<CustomerEvent> {
  switch (step.do) {
    case 'load':
      return untilAnswered(step, () =>
        ledger.load.executeWithOptions({ summary: 'what the ledger remembers' }, [
          { customerId: state.customerId },
        ]),
      );
    case 'record':
      return untilAnswered(step, () => record(state));
    default:
      return askStripe(step, state, isWithdrawn);
  }
}

async function askStripe(
  step: StripeStep,
  state: CustomerState,
  isWithdrawn: () => boolean,
): Promise<CustomerEvent> {
  const { summary, priority, ...options } = STRIPE_CALLS[step.do] as StripeCall<StripeStep['do']>;
  const priorityKey = typeof priority === 'number' ? priority : priority(step, state);
  const activity = stripe[step.do] as (typeof stripe)['readRefund'];
  const input = inputOf(step, state) as Parameters<typeof activity>[0];
  try {
    const answer = await unlessWithdrawn(isWithdrawn, () =>
      activity.executeWithOptions({ ...options, summary: summary(step), priority: { priorityKey } }, [input]),
    );
    return isAnswerTo(step, answer) ? answer : { kind: 'unanswered', step };
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return eventFromFailure(step, error);
  }
}

/** Its caller may be waiting. */
function isDueAtOnce(state: CustomerState, chargeId: string): boolean {
  const charge = findCharge(state, chargeId);
  return charge !== undefined && charge.dueAtMs <= charge.openedAtMs;
}

/** An attempt is put on record by its activity, which is given the state for that: all else of the step is in it. */
function inputOf(step: StripeStep, state: CustomerState): object {
  return step.do === 'attemptCharge'
    ? { chargeId: step.chargeId, state: sentState(state), nowMs: Date.now() }
    : { ...step, customerId: state.customerId };
}

/** Only what Stripe itself has rejected is known not to have happened. */
function eventFromFailure(step: StripeStep, { cause }: ActivityFailure): CustomerEvent {
  const failure = cause instanceof ApplicationFailure ? cause : null;
  const [code, requestId, param] = (failure?.details ?? []).map((detail) =>
    typeof detail === 'string' ? detail : undefined,
  );
  const about = { step, ...omitUndefined({ requestId }) };
  return failure?.type === 'StripeRejected'
    ? { kind: 'refused', code: code ?? 'unknown', ...about, ...omitUndefined({ param }) }
    : { kind: 'unanswered', ...about };
}

/** A call that waits for its first or its next try is then never sent; one under way comes to its end. */
async function unlessWithdrawn<Answer>(
  isWithdrawn: () => boolean,
  call: () => Promise<Answer>,
): Promise<Answer> {
  const calling = new CancellationScope();
  const watching = new CancellationScope();
  const stop = () => calling.cancel();
  void watching.run(() => condition(isWithdrawn)).then(stop, () => undefined);
  try {
    return await calling.run(call);
  } finally {
    watching.cancel();
  }
}

/** The ledger is asked again, ever more slowly, also after a failure that Temporal does not retry. */
async function untilAnswered(
  step: StepOf<'load' | 'record'>,
  call: () => Promise<CustomerEvent>,
): Promise<CustomerEvent> {
  for (let pauseMs = FIRST_PAUSE; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE)) {
    try {
      const answer = await call();
      if (isAnswerTo(step, answer)) return answer;
      log.error('an activity of the ledger was completed with what is no answer of it');
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      log.error('the ledger refuses; nothing is done for this customer until it answers', { error });
    }
    await sleep(pauseMs, { summary: 'until the ledger is asked again' });
  }
}

/** Writes the facts, what they changed, and the state without them. */
function record(state: CustomerState): Promise<CustomerEvent> {
  const summary = state.facts.map(({ kind }) => kind).join(', ');
  return ledger.record.executeWithOptions({ summary: summary.slice(0, 150) }, [
    { state: sentState(state), nowMs: Date.now() },
  ]);
}
