// One notice to the merchant, tried until it has arrived or three days have passed, and its end put on record. It
// decides nothing about money.
import {
  ActivityFailure,
  isCancellation,
  log,
  patched,
  proxyActivities,
  setCurrentDetails,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { LedgerActivities, NoticeActivities } from '../activities/index.ts';
import { BILLING_QUEUE, type SendNoticeInput } from './messages.ts';

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
  // Behind the ledger on the same queue: an endpoint that hangs must not hold up anybody's billing.
  priority: { priorityKey: 5 },
});

/** Our own database: asked until it answers, for how a notice ended is evidence. */
const { recordNoticeDelivery } = proxyActivities<LedgerActivities>({
  taskQueue: BILLING_QUEUE,
  startToCloseTimeout: '20s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
  priority: { priorityKey: 5 },
});

/** The workflow id of a notice, so that it is started once however often its customer's run is renewed. */
export function noticeWorkflowIdOf(customerId: string, noticeId: string): string {
  return `notice/${customerId}/${noticeId}`;
}

/**
 * Sends one notice to the merchant's endpoint, with back-off from 1 s to 6 h, for 3 days.
 * It completes whatever the endpoint does (one that stays down is `given_up`), so a failed run means a fault of ours.
 * A run that is cancelled or terminated has no end on record.
 */
export async function SendNotice(input: SendNoticeInput): Promise<SendNoticeResult> {
  const { customerId, notice } = input;
  const charge = notice.chargeId === undefined ? '' : `, charge \`${notice.chargeId}\``;
  const about = `\`${notice.kind}\` of customer \`${customerId}\`${charge}`;
  setCurrentDetails(
    `Sending ${about}. Until the merchant's endpoint answers 2xx it is asked again, for ${GIVE_UP_AFTER}; ` +
      'the pending activity shows its last answer and the next try.',
  );
  const result = await sendMerchantNotice
    .executeWithOptions({ summary: `${notice.kind} to the merchant` }, [input])
    .catch(givenUp);
  log.info('notice ended', { customerId, noticeId: notice.noticeId, kind: notice.kind, ...result });
  // Runs from before the end was put on record are replayed without it.
  if (patched('notice-end-on-record')) {
    const { noticeId } = notice;
    await recordNoticeDelivery.executeWithOptions({ summary: `on record: ${result.outcome}` }, [
      { customerId, noticeId, runId: workflowInfo().runId, atMs: Date.now(), end: result },
    ]);
  }
  setCurrentDetails(`Ended as \`${result.outcome}\`: ${about}.`);
  return result;
}

/** Time has run out: the endpoint's last answer says why. A cancelled run stays a cancelled run. */
function givenUp(error: unknown): SendNoticeResult {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
  const last = error.cause instanceof TimeoutFailure ? (error.cause.cause ?? error.cause) : error.cause;
  return { outcome: 'given_up', reason: last?.message ?? error.message };
}
