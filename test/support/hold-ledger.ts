// A process of its own with a data folder open, for tests that kill it: hold-ledger.ts <dataDir>
import { openLedger } from '../../ledger/open.ts';

const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error('usage: hold-ledger.ts <dataDir>');

const ledger = await openLedger({ dataDir });
await ledger.putPersonal('held', 'contact', { email: 'held@example.com' });
process.stdout.write('open\n');
process.stdin.on('end', () => process.exit()).resume(); // its parent is gone
