// Puts on record how a notice ended, which Temporal forgets after its retention. It sends none and judges none.
import type { Ledger } from '../ledger/ledger.ts';
import type { NoticeEnd } from './notices.ts';

/** @throws whatever the database throws: retried until it answers */
export function createNoticeEndActivities({ ledger }: { readonly ledger: Ledger }) {
  return {
    /** Writing the end of one run twice is harmless. */
    async recordNoticeEnd({
      end,
      ...of
    }: {
      readonly customerId: string;
      readonly noticeId: string;
      /** Of the run that sent it: a notice that is sent again has another end. */
      readonly runId: string;
      /** By the workflow's clock, epoch ms. */
      readonly atMs: number;
      readonly end: NoticeEnd;
    }): Promise<void> {
      await ledger.recordNoticeEnd({ ...of, ...end });
    },
  };
}
