// Sends one notice to the merchant, and puts on record how that ended.
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { LedgerActivities, NoticeActivities } from '../activities/index.ts';
import { BILLING_QUEUE, REFUSED_PAYLOAD, type SendNoticeInput, workflowIdOf } from './messages.ts';

/** How a notice ended. Codes only: links and addresses stay out of Temporal's history. */
export type SendNoticeResult = Awaited<ReturnType<NoticeActivities['sendMerchantNotice']>>;

/** As long as Stripe tries its own webhooks (docs.stripe.com/webhooks). */
const GIVE_UP_AFTER = '3 days';

const { sendMerchantNotice } = proxyActivities<NoticeActivities>({
  taskQueue: BILLING_QUEUE,
  // The request itself is cut off after 15 s; the rest is for a busy machine.
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: GIVE_UP_AFTER,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '6 hours' },
  // A request under way comes to its end, so that it is known whether it arrived.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // Behind the ledger on the same queue: an endpoint that hangs must not hold up anybody's billing.
  priority: { priorityKey: 5 },
});

/** Our own database is asked until it answers, for how a notice ended is evidence. */
const { recordNoticeDelivery } = proxyActivities<LedgerActivities>({
  taskQueue: BILLING_QUEUE,
  startToCloseTimeout: '20s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  priority: { priorityKey: 5 },
});

/** The workflow id of a notice, by which it is started once however often its customer's run is renewed. */
export function noticeWorkflowIdOf(customerId: string, noticeId: string): string {
  return `notice/${customerId}/${noticeId}`;
}

/**
 * Sends one notice to the merchant's endpoint, with back-off from 1 s to 6 h, for 3 days.
 * It completes whatever the endpoint does: one that stays down, and a request to cancel this workflow, are `given_up`.
 * Only a run that is terminated has no end on record.
 * @throws ApplicationFailure where somebody started it, by hand or with another input
 */
export async function SendNotice(input: SendNoticeInput): Promise<SendNoticeResult> {
  if (REFUSED_PAYLOAD in Object(input)) throw new Error('what this run begins with is refused');
  if (typeof input?.customerId !== 'string' || typeof input.notice?.noticeId !== 'string')
    throw ApplicationFailure.nonRetryable('This workflow begins with a customer’s notice.', 'InvalidInput');
  const { customerId, notice } = input;
  // Merchants believe what is signed: only the customer's own workflow says what has happened.
  if (workflowInfo().parent?.workflowId !== workflowIdOf(customerId))
    throw ApplicationFailure.nonRetryable(
      'A notice is sent by its customer’s workflow only.',
      'InvalidInput',
    );
  const charge = notice.chargeId === undefined ? '' : `, charge \`${notice.chargeId}\``;
  const about = `\`${notice.kind}\` of customer \`${customerId}\`${charge}`;
  setCurrentDetails(
    `Sending ${about}. Until the merchant's endpoint answers 2xx it is asked again, for ${GIVE_UP_AFTER}; ` +
      'the pending activity shows its last answer and the next try. Request Cancellation gives it up.',
  );
  const result = await sendMerchantNotice
    .executeWithOptions({ summary: `${notice.kind} to the merchant` }, [input])
    .catch(givenUp);
  const { noticeId, kind } = notice;
  log.info('notice ended', { customerId, noticeId, kind, ...result });
  await CancellationScope.nonCancellable(() =>
    recordNoticeDelivery.executeWithOptions({ summary: `on record: ${result.outcome}` }, [
      { customerId, noticeId, runId: workflowInfo().runId, atMs: Date.now(), end: result },
    ]),
  );
  setCurrentDetails(`Ended as \`${result.outcome}\`: ${about}.`);
  return result;
}

/** Time has run out, and the endpoint's last answer says why; or somebody asked to cancel. */
function givenUp(error: unknown): SendNoticeResult {
  if (isCancellation(error)) return { outcome: 'given_up', reason: 'cancelled in Temporal' };
  if (!(error instanceof ActivityFailure)) throw error;
  const last = error.cause instanceof TimeoutFailure ? (error.cause.cause ?? error.cause) : error.cause;
  return { outcome: 'given_up', reason: last?.message ?? error.message };
}
