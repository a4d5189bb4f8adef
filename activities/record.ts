// Loads and records a customer in the ledger.
import type { EventOf } from '../domain/model/events.ts';
import { receivedState, type SentState } from '../domain/sent-state.ts';
import { loadForRun } from '../ledger/load.ts';
import { type RecordDependencies, recordState } from './record-state.ts';
import { startNotices } from './start-notices.ts';

/**
 * @throws whatever the database throws: retried until it answers
 * @throws EvidenceConflict retried too, and the customer stands still until an operator has looked
 */
export function createRecordActivities(dependencies: RecordDependencies) {
  const { ledger, policy, notices } = dependencies;
  return {
    /**
     * What the ledger remembers of a customer, for a run that starts from nothing. Temporal may have been lost, so what
     * was on its way to the merchant is started again.
     */
    async load({ customerId }: { readonly customerId: string }): Promise<EventOf<'loaded'>> {
      const remembered = await loadForRun(ledger, customerId);
      if (notices && remembered.snapshot)
        await startNotices(notices, customerId, await ledger.openNotices(customerId));
      return { ...remembered, policy };
    },

    /** Writes the state's facts, what they changed, and the state as it then is. Writing a thing twice is harmless. */
    async record({
      state,
      nowMs,
    }: {
      readonly state: SentState;
      /** By the workflow's clock, epoch ms. */
      readonly nowMs: number;
    }): Promise<EventOf<'recorded'> | EventOf<'overtaken'>> {
      return await recordState(dependencies, { state: receivedState(state), nowMs });
    },
  };
}
