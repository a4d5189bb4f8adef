// A cursor that the ledger did not make is the caller's fault, not ours.
import { invalid } from './problems.ts';

/** @throws Problem 400 for a malformed cursor */
export async function pageAt<Page>(list: () => Promise<Page>): Promise<Page> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof RangeError) throw invalid('/querystring/cursor', error.message);
    throw error;
  }
}
