// Removes a customer's personal data.
import type { Ledger } from '../../ledger/ledger.ts';
import type { Target } from '../arguments.ts';
import { DONE, type ExitCode, noSuchCustomer } from '../exit-codes.ts';

export async function erase(target: Target, ledger: Ledger): Promise<ExitCode> {
  const keys = await ledger.erase(target);
  if (keys === null) return noSuchCustomer(target.customerId);
  console.log(`erased the personal data of ${target.customerId}; rows: ${keys.length}`);
  return DONE;
}
