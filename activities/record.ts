// Loads and records a customer in the ledger, and records how notices ended.
import type { EventOf } from '../domain/model/events.ts';
import type { Policy } from '../domain/model/policy.ts';
import { DEFAULT_POLICY } from '../domain/shared/policy.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { loadForRun } from '../ledger/load.ts';
import type { NoticeResult } from './notices.ts';
import { recordState, reportingConflict, type StateToRecord } from './record-state.ts';

/**
 * @throws whatever the database throws: retried until it answers
 * @throws EvidenceConflict retried too, and the customer stands still until an operator has looked
 */
export function createRecordActivities({
  ledger,
  amountLimits,
  searchAttributesLeftOut,
}: { readonly ledger: Ledger } & Pick<Policy, 'amountLimits' | 'searchAttributesLeftOut'>) {
  const policy: Policy = { ...DEFAULT_POLICY, amountLimits, searchAttributesLeftOut };

  return {
    /** What the ledger remembers of a customer, for a run that starts from nothing. */
    async load({ customerId }: { readonly customerId: string }): Promise<EventOf<'loaded'>> {
      return { ...(await loadForRun(ledger, customerId)), policy };
    },

    /** Writes the state's facts, what they changed, and the state as it then is. Writing a thing twice is harmless. */
    async record(entry: StateToRecord): Promise<EventOf<'recorded'>> {
      return await recordState({ ledger, policy }, entry);
    },

    /** How a notice ended, which Temporal forgets after its retention. Writing the end of one run twice is harmless. */
    async recordNoticeDelivery({
      end,
      ...of
    }: {
      readonly customerId: string;
      readonly noticeId: string;
      /** Of the run that sent it: a notice that is sent again has another end. */
      readonly runId: string;
      /** By the workflow's clock, epoch ms. */
      readonly atMs: number;
      readonly end: NoticeResult;
    }): Promise<void> {
      await reportingConflict(ledger.recordNoticeDelivery({ ...of, ...end }));
    },
  };
}
