// Has notices sent that are on record, and sees to those of which nothing was heard.
import { log } from '@temporalio/activity';
import type { Ledger, NoticeRef } from '../ledger/ledger.ts';

/** Starts `sendMerchantNotice` by itself, without a workflow, under the notice's own id. */
export interface NoticeStarter {
  /** @returns false where it was started before, whether it is under way or over */
  start(notice: NoticeRef): Promise<boolean>;
  /** Starts one that has failed at Temporal, which only one that was started by hand does. */
  startAgain(notice: NoticeRef): Promise<void>;
  /** How it ended at Temporal; null while it is under way, and when Temporal no longer knows. */
  endOf(notice: NoticeRef): Promise<keyof typeof GIVEN_UP | 'FAILED' | null>;
}

/**
 * By whoever has just written them. One that cannot be started stays in the outbox, and `sweepNotices` starts it.
 * @param noticeIds on record, in the order in which they were written
 */
export async function startNotices(
  starter: NoticeStarter,
  customerId: string,
  noticeIds: readonly string[],
): Promise<void> {
  for (const noticeId of noticeIds)
    try {
      await starter.start({ customerId, noticeId });
    } catch (error) {
      log.warn('a notice could not be started; it will be within minutes', { customerId, noticeId, error });
    }
}

/** Why a notice is given up whose end only Temporal knows. */
const GIVEN_UP = {
  CANCELED: 'cancelled in Temporal',
  TERMINATED: 'terminated in Temporal',
  TIMED_OUT: 'timed out in Temporal',
  COMPLETED: 'completed in Temporal, and not on record',
} as const;

export function createSweepNoticesActivity({
  ledger,
  notices: starter,
}: {
  readonly ledger: Ledger;
  readonly notices: NoticeStarter;
}) {
  return {
    /**
     * Starts every notice that nobody has started: its writer died after the commit, or Temporal was away or lost. One
     * that ended at Temporal and not in the ledger (cancelled, terminated) is given up, for it is not started again.
     * @throws whatever the database or Temporal throws: what is left is looked at by the next try
     * @returns how many it started
     */
    async sweepNotices(): Promise<number> {
      let started = 0;
      for (;;) {
        const notices = await ledger.noticesToCheck();
        for (const notice of notices) {
          if (await starter.start(notice)) started += 1;
          else await seeToEnd(notice);
          await ledger.noticeChecked(notice);
        }
        if (notices.length === 0) return started;
      }
    },
  };

  async function seeToEnd(notice: NoticeRef): Promise<void> {
    const end = await starter.endOf(notice);
    if (end === null) return;
    if (end === 'FAILED') return await starter.startAgain(notice);
    await ledger.recordNoticeDelivery({
      ...notice,
      atMs: Date.now(),
      outcome: 'given_up',
      reason: GIVEN_UP[end],
    });
  }
}
