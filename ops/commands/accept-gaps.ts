// Lets workflows go on whose last facts a restored ledger has lost.
import type { Ledger } from '../../ledger/ledger.ts';
import type { Target } from '../arguments.ts';
import { DONE, type ExitCode } from '../exit-codes.ts';

export async function acceptGaps({ customerId, actor, reason }: Target, ledger: Ledger): Promise<ExitCode> {
  const concerned = customerId === 'all' ? null : customerId;
  await ledger.addOperatorAction({
    kind: 'gaps_accepted',
    customerId: concerned,
    actor,
    reason,
    data: {},
  });
  console.log(`one gap in the record is accepted, of ${concerned ?? 'each customer'}`);
  return DONE;
}
