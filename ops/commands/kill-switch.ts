// Sets and shows the switch that stops every attempt for everybody.
import type { Ledger } from '../../ledger/ledger.ts';
import type { By } from '../arguments.ts';
import { DONE, type ExitCode } from '../exit-codes.ts';
import { escaped } from '../printable.ts';

export async function setKillSwitch(
  action: { readonly isOn: boolean } & By,
  ledger: Ledger,
): Promise<ExitCode> {
  await ledger.setKillSwitch(action);
  return printKillSwitch(ledger);
}

export async function printKillSwitch(ledger: Ledger): Promise<ExitCode> {
  console.log(await statusOf(ledger));
  return DONE;
}

async function statusOf(ledger: Ledger): Promise<string> {
  const killSwitch = await ledger.killSwitch();
  if (killSwitch === null) return 'the kill switch is off, and has never been set';
  const { isOn, atMs, actor, reason } = killSwitch;
  const since = new Date(atMs).toISOString();
  return `the kill switch is ${isOn ? 'on' : 'off'} since ${since}: ${escaped(actor)}, ${escaped(reason)}`;
}
