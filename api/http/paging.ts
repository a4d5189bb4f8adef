// Pages of the ledger's lists. A cursor that is none of the ledger's is the caller's fault, not ours.
import { invalid } from './problems.ts';

/** @throws Problem 400 for a cursor that the ledger did not make */
export async function pageAsked<Page>(list: () => Promise<Page>): Promise<Page> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof RangeError) throw invalid('/querystring/cursor', error.message);
    throw error;
  }
}
