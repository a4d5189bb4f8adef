// How a command ends, for scripts.
export const DONE = 0;
export const FAULT = 1;
/** `verify` found a broken chain. */
export const BROKEN_EVIDENCE = FAULT;
export const BAD_USE = 2;
const NO_SUCH_CUSTOMER = 3;

export type ExitCode = typeof DONE | typeof FAULT | typeof BAD_USE | typeof NO_SUCH_CUSTOMER;

/** Says on stderr that the ledger has no such customer. */
export function noSuchCustomer(customerId: string): ExitCode {
  console.error(`the ledger has no customer "${customerId}" on record`);
  return NO_SUCH_CUSTOMER;
}
