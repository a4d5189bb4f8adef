// Brings the tables up to date, and gives the other database roles what they may do.
import { migrateLedger } from '../../ledger/open.ts';
import { DONE, type ExitCode } from '../exit-codes.ts';

export async function migrate(databaseUrl: string): Promise<ExitCode> {
  const roles = await migrateLedger(databaseUrl);
  const granted = roles.length === 0 ? 'no other roles' : roles.join(', ');
  console.log(`the ledger's tables are up to date; granted to: ${granted}`);
  return DONE;
}
