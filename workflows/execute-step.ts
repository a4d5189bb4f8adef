// Carries out one step of a life with one activity, and says what came of it. It decides nothing and keeps no state.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  ParentClosePolicy,
  proxyActivities,
  startChild,
} from '@temporalio/workflow';
import type { LedgerActivities, StripeActivities } from '../activities/index.ts';
import type { CustomerEvent } from '../domain/model/events.ts';
import type { Notice } from '../domain/model/facts.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { Step } from '../domain/model/steps.ts';
import { formatMoney } from '../domain/shared/money.ts';
import { chargeView, viewOf } from '../domain/view.ts';
import { BILLING_QUEUE, STRIPE_QUEUE } from './messages.ts';
import { noticeWorkflowIdOf, SendNotice } from './send-notice.ts';

/** People who wait come first, then money that is due, then looking again (docs.temporal.io/task-queue/priority). */
const FOR_PEOPLE = { priorityKey: 1 };
const FOR_MONEY = { priorityKey: 3 };
const FOR_LATER = { priorityKey: 4 };

/**
 * The same request under the same key, three times; after that nobody knows, and the domain asks Stripe what has
 * become of it. Never once Stripe may have forgotten the key (24 hours): then the same request would be another one,
 * so what no worker has ended by half of that is unanswered as well (docs/decisions/0012).
 */
const stripe = proxyActivities<StripeActivities>({
  taskQueue: STRIPE_QUEUE,
  startToCloseTimeout: '60s',
  heartbeatTimeout: '15s', // a killed worker is missed after this; activities/beating.ts beats far more often
  scheduleToCloseTimeout: '12 hours',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumAttempts: 3 },
});

/** Our own database: asked until it answers, for nothing may happen that is not on record. */
const ledger = proxyActivities<LedgerActivities>({
  taskQueue: BILLING_QUEUE,
  startToCloseTimeout: '20s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Steps that need somebody else. */
export type ActivityStep = Exclude<Step, { do: 'decide' | 'wait' | 'end' }>;

/**
 * @param isWithdrawn turns true when nobody wants the money asked for any more
 * @returns what came of it; a step nobody answered is `unanswered`, never a decline
 */
export async function executeStep(
  errand: ActivityStep,
  state: CustomerState,
  isWithdrawn: () => boolean,
): Promise<CustomerEvent> {
  try {
    return await unlessWithdrawn(isWithdrawn, () => run(errand, state));
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    const failure = cause instanceof ApplicationFailure ? cause : null;
    const [code, id] = failure?.details ?? [];
    const answered = { step: errand, ...(typeof id === 'string' ? { requestId: id } : {}) };
    return failure?.type === 'StripeRejected'
      ? { kind: 'refused', code: String(code ?? 'unknown'), ...answered }
      : { kind: 'unanswered', ...answered };
  }
}

/** What waits for its first or its next try is never sent then; a call to Stripe under way comes to its end. */
async function unlessWithdrawn<Answer>(
  isWithdrawn: () => boolean,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const asking = new CancellationScope();
  const watching = new CancellationScope();
  const stop = () => asking.cancel();
  void watching.run(() => condition(isWithdrawn)).then(stop, () => undefined);
  try {
    return await asking.run(ask);
  } finally {
    watching.cancel();
  }
}

function run(step: ActivityStep, state: CustomerState): Promise<CustomerEvent> {
  const { customerId } = state;
  switch (step.do) {
    case 'load':
      return ledger.load.executeWithOptions({ summary: 'what the ledger remembers' }, [{ customerId }]);
    case 'record':
      return record(state);
    case 'startNotice':
      return startNotice(customerId, step.notice);
    case 'createStripeCustomer':
      return stripe.createStripeCustomer.executeWithOptions(
        { summary: 'create the customer at Stripe', priority: FOR_PEOPLE },
        [{ ...step, customerId }],
      );
    case 'createSetupIntent':
      return stripe.createSetupIntent.executeWithOptions(
        { summary: `enrolment ${step.enrolmentNumber}: create the SetupIntent`, priority: FOR_PEOPLE },
        [{ ...step, customerId }],
      );
    case 'confirmSetupIntent':
      return stripe.confirmSetupIntent.executeWithOptions(
        { summary: `enrolment ${step.enrolmentNumber}: try the card given`, priority: FOR_PEOPLE },
        [{ ...step, customerId }],
      );
    case 'readSetupIntent':
      return stripe.readSetupIntent.executeWithOptions(
        { summary: `what has become of ${step.setupIntentId}`, priority: FOR_PEOPLE },
        [{ ...step, customerId }],
      );
    case 'cancelSetupIntent':
      return stripe.cancelSetupIntent.executeWithOptions(
        { summary: `end ${step.setupIntentId}`, priority: FOR_LATER },
        [{ ...step, customerId }],
      );
    case 'readRefund':
      return stripe.readRefund.executeWithOptions(
        { summary: `what has become of ${step.refundId}`, priority: FOR_LATER },
        [{ ...step, customerId }],
      );
    case 'readDispute':
      return stripe.readDispute.executeWithOptions(
        { summary: `what has become of ${step.disputeId}`, priority: FOR_LATER },
        [{ ...step, customerId }],
      );
    case 'createPaymentIntent':
      return stripe.createPaymentIntent.executeWithOptions(
        {
          summary: `${step.chargeId}: intent over ${formatMoney(step.amount, step.currency)}`,
          priority: FOR_MONEY,
        },
        [{ ...step, customerId }],
      );
    case 'confirmPaymentIntent':
      return stripe.confirmPaymentIntent.executeWithOptions(
        {
          summary: `${step.chargeId}: attempt ${step.attemptNumber}`,
          priority: FOR_MONEY,
          cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        },
        [{ ...step, customerId }],
      );
    case 'readPaymentIntent':
      return stripe.readPaymentIntent.executeWithOptions(
        { summary: `${step.chargeId}: what has become of it`, priority: FOR_PEOPLE },
        [{ ...step, customerId }],
      );
    case 'cancelPaymentIntent':
      return stripe.cancelPaymentIntent.executeWithOptions(
        { summary: `${step.chargeId}: end its intent`, priority: FOR_LATER },
        [{ ...step, customerId }],
      );
    case 'findPaymentIntent':
      return stripe.findPaymentIntent.executeWithOptions(
        { summary: `${step.chargeId}: is there an intent?`, priority: FOR_LATER },
        [{ ...step, customerId }],
      );
  }
}

/** Facts, the charges they concern, and the state without what is hereby written. */
function record(state: CustomerState): Promise<CustomerEvent> {
  const { customerId, facts } = state;
  const nowMs = Date.now();
  const charges = state.charges
    .filter(({ chargeId }) => facts.some((fact) => fact.chargeId === chargeId))
    .map((charge) => chargeView(state, charge, nowMs));
  const entry = { customerId, facts, charges, view: viewOf(state, nowMs), snapshot: { ...state, facts: [] } };
  const summary = facts.map(({ kind }) => kind).join(', ');
  return ledger.record.executeWithOptions({ summary: summary.slice(0, 150) }, [entry]);
}

/** A workflow of its own, so that a slow endpoint never stands in the lane; its id makes it one for ever. */
async function startNotice(customerId: string, notice: Notice): Promise<CustomerEvent> {
  const { noticeId } = notice;
  try {
    await startChild(SendNotice, {
      workflowId: noticeWorkflowIdOf(customerId, noticeId),
      taskQueue: BILLING_QUEUE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `${notice.kind} for ${customerId}`,
      args: [{ customerId, notice }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return { kind: 'noticeStarted', noticeId };
}
