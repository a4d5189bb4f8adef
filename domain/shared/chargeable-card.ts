// Which card may pay a charge now.
import type { Charge } from '../model/charge.ts';
import type { Mandate } from '../model/enrolment.ts';

/** Whether what the customer agreed to covers this sum: a charge may be older than the mandate it would be made under. */
export function covers(
  { terms }: Mandate,
  { amount, currency }: Pick<Charge, 'amount' | 'currency'>,
): boolean {
  return terms === null || (currency === terms.currency && amount <= terms.maxAmount);
}
