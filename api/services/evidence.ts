// Lists what is on record of a customer.
import type { Ledger } from '../../ledger/ledger.ts';
import type { EvidenceAnswer } from '../http/schemas/evidence.ts';
import type { PageAnswer } from '../http/schemas/lists.ts';
import type { Answers } from './answers.ts';
import type { CustomerReader } from './customer-reader.ts';

export interface Evidence {
  /** Oldest first. @throws RangeError for a malformed cursor; Refusal `customer_not_found` */
  list(customerId: string, cursor: string | undefined): Promise<PageAnswer<EvidenceAnswer>>;
}

export function createEvidence({
  ledger,
  reader,
  answers,
}: {
  readonly ledger: Ledger;
  readonly reader: CustomerReader;
  readonly answers: Answers;
}): Evidence {
  return {
    async list(customerId, cursor) {
      await reader.customerRow(customerId);
      const { items, ...rest } = await ledger.listEvidence(customerId, cursor);
      return { items: items.map(answers.evidence), ...rest };
    },
  };
}
