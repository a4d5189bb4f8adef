// The operator's commands: outside of api and workflows, on the ledger, and for `recover` on Temporal.

import { openLedger } from '../ledger/open.ts';
import { type Command, commandFrom, USAGE } from './arguments.ts';
import { acceptGaps } from './commands/accept-gaps.ts';
import { erase } from './commands/erase.ts';
import { printExport } from './commands/export.ts';
import { printKillSwitch, setKillSwitch } from './commands/kill-switch.ts';
import { migrate } from './commands/migrate.ts';
import { recover } from './commands/recover.ts';
import { verify } from './commands/verify.ts';
import { BAD_USE, type ExitCode, FAULT } from './exit-codes.ts';
import { printable } from './printable.ts';

process.exitCode = await main(process.argv.slice(2), process.env);

async function main(typed: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  let command: Command;
  try {
    command = commandFrom(typed);
    if (command.do !== 'help') checkDatabase(command, env);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return BAD_USE;
  }
  try {
    return await run(command, env);
  } catch (error) {
    console.error(messageOf(error));
    return FAULT;
  }
}

/** @throws Error when no database is named, or one that the command cannot work on */
function checkDatabase(command: Command, { DATABASE_URL, DATA_DIR }: NodeJS.ProcessEnv): void {
  if (!DATABASE_URL && !DATA_DIR) throw new Error('DATABASE_URL is not set');
  if ((command.do === 'recover' || command.do === 'migrate') && !DATABASE_URL)
    throw new Error(
      `${command.do} needs DATABASE_URL: an embedded ledger belongs to its worker, and starts with it`,
    );
}

async function run(command: Command, env: NodeJS.ProcessEnv): Promise<ExitCode> {
  if (command.do === 'help') {
    console.log(USAGE);
    return 0;
  }
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir = '' } = env;
  if (command.do === 'migrate') return await migrate(databaseUrl ?? '');
  const ledger = await openLedger(databaseUrl ? { databaseUrl } : { dataDir });
  try {
    switch (command.do) {
      case 'recover':
        return await recover(command, ledger, env);
      case 'export':
        return await printExport(command, ledger);
      case 'erase':
        return await erase(command, ledger);
      case 'verify':
        return await verify(command, ledger);
      case 'accept-gaps':
        return await acceptGaps(command, ledger);
      case 'kill-switch':
        return await setKillSwitch(command, ledger);
      case 'kill-switch status':
        return await printKillSwitch(ledger);
    }
  } finally {
    await ledger.close();
  }
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error));
}
