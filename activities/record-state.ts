// Puts a customer's state on record: its facts, the charges they concern, the customer's view, and the state as a snapshot.
import { isDeepStrictEqual } from 'node:util';
import { log, metricMeter } from '@temporalio/activity';
import type { EventOf } from '../domain/model/events.ts';
import type { Policy } from '../domain/model/policy.ts';
import type { CustomerState } from '../domain/model/state.ts';
import { noticesIn } from '../domain/shared/facts.ts';
import { chargeView, viewOf } from '../domain/view.ts';
import { EvidenceConflict } from '../ledger/evidence-chain.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type NoticeStarter, startNotices } from './start-notices.ts';

/** A state with the facts that are not in the ledger yet, as of a time. */
export interface StateToRecord {
  readonly state: CustomerState;
  /** By the workflow's clock, epoch ms. */
  readonly nowMs: number;
}

export interface RecordDependencies {
  readonly ledger: Ledger;
  /** As this worker is configured. It comes to a customer by an event, so that a history never changes with it. */
  readonly policy: Policy;
  /** Null where the merchant has no endpoint: nobody is to be told. */
  readonly notices: NoticeStarter | null;
}

/**
 * In one transaction; the notices among the facts are started after it. Writing the same state twice is harmless.
 * @throws EvidenceConflict when another fact is there under the same number: logged and counted, with ids only
 */
export async function recordState(
  { ledger, policy, notices }: RecordDependencies,
  { state, nowMs }: StateToRecord,
): Promise<EventOf<'recorded'>> {
  const { customerId, facts } = state;
  const charges = state.charges
    .filter(({ chargeId }) => facts.some((fact) => fact.chargeId === chargeId))
    .map((charge) => chargeView(state, charge, nowMs));
  const snapshot = { ...state, facts: [] };
  const { alreadyClosed } = await reportingConflict(
    ledger.record({
      customerId,
      facts,
      charges,
      view: viewOf(state, nowMs),
      snapshot,
      notifies: notices !== null,
    }),
  );
  const noticeIds = noticesIn(facts).map(({ noticeId }) => noticeId);
  if (notices) await startNotices(notices, customerId, noticeIds);
  const isCurrent = isDeepStrictEqual(state.policy, policy);
  const through = facts.at(-1)?.sequence ?? 0;
  return { kind: 'recorded', through, alreadyClosed, ...(isCurrent ? {} : { policy }) };
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
