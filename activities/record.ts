// Loads and records a customer in the ledger, and records how notices ended.
import { isDeepStrictEqual } from 'node:util';
import { log, metricMeter } from '@temporalio/activity';
import type { EventOf } from '../domain/model/events.ts';
import type { Fact } from '../domain/model/facts.ts';
import type { Policy } from '../domain/model/policy.ts';
import type { CustomerState } from '../domain/model/state.ts';
import { DEFAULT_POLICY } from '../domain/shared/policy.ts';
import type { ChargeView, CustomerView } from '../domain/view.ts';
import { EvidenceConflict } from '../ledger/evidence-chain.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { loadForRun } from '../ledger/load.ts';
import type { NoticeResult } from './notices.ts';

/**
 * @throws whatever the database throws: retried until it answers
 * @throws EvidenceConflict retried too, and the customer stands still until an operator has looked
 */
export function createRecordActivities({
  ledger,
  amountLimits,
  searchAttributesLeftOut,
}: { readonly ledger: Ledger } & Pick<Policy, 'amountLimits' | 'searchAttributesLeftOut'>) {
  /** As this worker is configured. It comes to a customer by an event, so that a history never changes with it. */
  const policy: Policy = { ...DEFAULT_POLICY, amountLimits, searchAttributesLeftOut };

  return {
    /** What the ledger remembers of a customer, for a run that starts from nothing. */
    async load({ customerId }: { readonly customerId: string }): Promise<EventOf<'loaded'>> {
      return { ...(await loadForRun(ledger, customerId)), policy };
    },

    /** Writes facts, what they changed, and the state as it then is. Writing a thing twice is harmless. */
    async record(entry: {
      readonly customerId: string;
      readonly facts: readonly Fact[];
      readonly charges: readonly ChargeView[];
      readonly view: CustomerView;
      readonly snapshot: CustomerState;
    }): Promise<EventOf<'recorded'>> {
      const { alreadyClosed } = await reportingConflict(ledger.record(entry));
      const isCurrent = isDeepStrictEqual(entry.snapshot.policy, policy);
      const through = entry.facts.at(-1)?.sequence ?? 0;
      return { kind: 'recorded', through, alreadyClosed, ...(isCurrent ? {} : { policy }) };
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

/** Ids only: they go to the log. */
async function reportingConflict<Result>(writing: Promise<Result>): Promise<Result> {
  try {
    return await writing;
  } catch (error) {
    if (error instanceof EvidenceConflict) {
      log.error(error.message);
      metricMeter.createCounter('offsession_evidence_conflicts').add(1);
    }
    throw error;
  }
}
