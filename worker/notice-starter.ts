// Starts the activity that sends a notice, without a workflow (docs/decisions/0025).
import {
  type ActivityClient,
  ActivityExecutionAlreadyStartedError,
  type ActivityIdReusePolicy,
  ActivityNotFoundError,
} from '@temporalio/client';
import {
  LONGEST_NOTICE_PAUSE,
  type NoticeActivities,
  type NoticeStarter,
  noticeActivityIdOf,
} from '../activities/index.ts';
import type { NoticeRef } from '../ledger/ledger.ts';
import { BILLING_QUEUE } from '../workflows/messages.ts';

/** The one activity that runs without a workflow. */
export const SEND_NOTICE = 'sendMerchantNotice' satisfies keyof NoticeActivities;

/** @param client with the worker's own data converter */
export function createNoticeStarter(client: ActivityClient): NoticeStarter {
  const start = async (
    { customerId, noticeId }: NoticeRef,
    idReusePolicy: ActivityIdReusePolicy,
  ): Promise<boolean> => {
    try {
      await client.start(SEND_NOTICE, {
        id: noticeActivityIdOf({ customerId, noticeId }),
        idReusePolicy,
        taskQueue: BILLING_QUEUE,
        args: [{ customerId, noticeId }],
        // The request itself is cut off after 15 s; the rest is for a busy machine. It gives up by itself.
        startToCloseTimeout: '30 seconds',
        retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: LONGEST_NOTICE_PAUSE },
        // Behind the ledger on the same queue: an endpoint that hangs must not hold up anybody's billing.
        priority: { priorityKey: 5 },
      });
      return true;
    } catch (error) {
      if (error instanceof ActivityExecutionAlreadyStartedError) return false;
      throw error;
    }
  };

  return {
    start: (notice) => start(notice, 'REJECT_DUPLICATE'),

    async startAgain(notice) {
      await start(notice, 'ALLOW_DUPLICATE_FAILED_ONLY');
    },

    async endOf(notice) {
      try {
        const { status } = await client.getHandle(noticeActivityIdOf(notice)).describe();
        return status === 'RUNNING' || status === 'PAUSED' ? null : status;
      } catch (error) {
        if (error instanceof ActivityNotFoundError) return null;
        throw error;
      }
    },
  };
}
