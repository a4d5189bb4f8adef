// Walks the chains of evidence, and prints where they are broken.
import type { BrokenLink, Ledger, Verification } from '../../ledger/ledger.ts';
import { BROKEN_EVIDENCE, DONE, type ExitCode, noSuchCustomer } from '../exit-codes.ts';
import { escaped, printableJson } from '../printable.ts';

/** Customers between two lines of progress. */
const PROGRESS_EVERY = 1_000;

export async function verify(
  { customerId, json }: { readonly customerId: string; readonly json: boolean },
  ledger: Ledger,
): Promise<ExitCode> {
  const verification = await ledger.verify(customerId, (soFar) => {
    if (soFar.customers % PROGRESS_EVERY === 0) console.error(`${inWords(soFar)} so far`);
  });
  const { broken, facts } = verification;
  const isNobody = customerId !== 'all' && facts === 0 && broken.length === 0;
  if (isNobody && (await ledger.getCustomer(customerId)) === null) return noSuchCustomer(customerId);
  if (json) console.log(printableJson(verification));
  else for (const line of [...broken.map(lineOf), inWords(verification)]) console.log(line);
  return broken.length === 0 ? DONE : BROKEN_EVIDENCE;
}

const PROBLEMS = {
  changed: 'is not what was written, or not what followed the entry before it',
  missing: 'is missing',
  not_recorded: 'is beyond what the workflow recorded',
};

function lineOf({ chain, customerId, at, problem }: BrokenLink): string {
  return `${customerId === null ? 'operators' : escaped(customerId)}: ${chain} ${at} ${PROBLEMS[problem]}`;
}

function inWords({ customers, facts, acceptedGaps, broken }: Verification): string {
  return `${customers} customers, ${facts} facts, ${acceptedGaps} accepted gaps, ${broken.length} broken chains`;
}
