// Loads and records a customer in the ledger.
import type { EventOf } from '../domain/model/events.ts';
import type { Policy } from '../domain/model/policy.ts';
import { DEFAULT_POLICY } from '../domain/shared/policy.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { loadForRun } from '../ledger/load.ts';
import { recordState, type StateToRecord } from './record-state.ts';
import { type NoticeStarter, startNotices } from './start-notices.ts';

/**
 * @throws whatever the database throws: retried until it answers
 * @throws EvidenceConflict retried too, and the customer stands still until an operator has looked
 */
export function createRecordActivities({
  ledger,
  amountLimits,
  budgets,
  searchAttributesLeftOut,
  notices,
}: {
  readonly ledger: Ledger;
  /** Null where the merchant has no endpoint: nobody is to be told. */
  readonly notices: NoticeStarter | null;
} & Pick<Policy, 'amountLimits' | 'budgets' | 'searchAttributesLeftOut'>) {
  const policy: Policy = { ...DEFAULT_POLICY, amountLimits, budgets, searchAttributesLeftOut };

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
    async record(entry: StateToRecord): Promise<EventOf<'recorded'>> {
      return await recordState({ ledger, policy, notices }, entry);
    },
  };
}
