// Puts a customer's state on record: its facts, the charges they concern, the customer's view, and the state as a snapshot.
import { isDeepStrictEqual } from 'node:util';
import { log, metricMeter } from '@temporalio/activity';
import type { EventOf, RecordedAttempt, TimedEvent } from '../domain/model/events.ts';
import type { Policy } from '../domain/model/policy.ts';
import type { CustomerState } from '../domain/model/state.ts';
import { digestOfState } from '../domain/sent-state.ts';
import { noticesIn } from '../domain/shared/facts.ts';
import { chargeView, viewOf } from '../domain/view.ts';
import { EvidenceConflict } from '../ledger/evidence-chain.ts';
import type { AttemptKey, Ledger, RecordEntry } from '../ledger/ledger.ts';
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
 * @returns `overtaken` where an attempt that was given up has written that other fact
 */
export async function recordState(
  dependencies: RecordDependencies,
  entry: StateToRecord,
): Promise<EventOf<'recorded'> | EventOf<'overtaken'>> {
  const { ledger } = dependencies;
  const { customerId, facts } = entry.state;
  try {
    const { alreadyClosed } = await ledger.record(entryOf(dependencies, entry));
    await startNoticesOf(dependencies, entry);
    const through = facts.at(-1)?.sequence ?? 0;
    return { kind: 'recorded', through, alreadyClosed, ...changedPolicy(dependencies, entry) };
  } catch (error) {
    if (!(error instanceof EvidenceConflict) || error.sequence === null) throw error;
    const attempt = await ledger.attemptThatWrote(customerId, error.sequence);
    if (attempt !== null) return { kind: 'overtaken', ...attempt, after: error.sequence - 1 };
    reportConflict(error);
    throw error;
  }
}

/**
 * The same for what came of an attempt, with the answer that a repetition of it gets.
 * @throws EvidenceConflict when the customer has moved on since the attempt began
 * @returns what is on record of it, which may be what another try has written
 */
export async function recordAttempt(
  dependencies: RecordDependencies,
  entry: StateToRecord,
  key: AttemptKey,
  events: readonly TimedEvent[],
): Promise<{ readonly events: readonly TimedEvent[]; readonly recorded: RecordedAttempt }> {
  const answer = { events, digest: digestOfState(entry.state) };
  const onRecord = await dependencies.ledger.recordAttempt(entryOf(dependencies, entry), key, answer);
  await startNoticesOf(dependencies, entry);
  return {
    events: onRecord.events,
    recorded: { ...onRecord.recorded, ...changedPolicy(dependencies, entry) },
  };
}

function entryOf({ notices }: RecordDependencies, { state, nowMs }: StateToRecord): RecordEntry {
  const { customerId, facts } = state;
  const charges = state.charges
    .filter(({ chargeId }) => facts.some((fact) => fact.chargeId === chargeId))
    .map((charge) => chargeView(state, charge, nowMs));
  const snapshot = { ...state, facts: [] };
  return { customerId, facts, charges, view: viewOf(state, nowMs), snapshot, notifies: notices !== null };
}

async function startNoticesOf({ notices }: RecordDependencies, { state }: StateToRecord): Promise<void> {
  const noticeIds = noticesIn(state.facts).map(({ noticeId }) => noticeId);
  if (notices) await startNotices(notices, state.customerId, noticeIds);
}

function changedPolicy(
  { policy }: RecordDependencies,
  { state }: StateToRecord,
): { readonly policy?: Policy } {
  return isDeepStrictEqual(state.policy, policy) ? {} : { policy };
}

/** Ids only: they go to the log. */
function reportConflict(error: EvidenceConflict): void {
  log.error(error.message);
  metricMeter.createCounter('offsession_evidence_conflicts').add(1);
}
