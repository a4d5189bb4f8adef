// The operator's commands, past api and workflows: on the ledger, and for `recover` on Temporal. It never asks Stripe.

import { Client, Connection } from '@temporalio/client';
import type { Ledger } from '../ledger/ledger.ts';
import { openLedger } from '../ledger/open.ts';
import { temporalFrom } from '../temporal/address.ts';
import { createPayloadCodec, dataConverterWith } from '../temporal/payload-codec.ts';
import { readPayloadKeys } from '../temporal/payload-keys.ts';
import { type By, type Command, commandFrom } from './arguments.ts';
import { exportCustomer } from './export.ts';
import { recoverAll, recoverOne, type Tally } from './recover.ts';

const USAGE = `usage: npm run ops -- <command>

  recover <customerId|all> [--actor <> --reason <>]   start the workflows of customers who have none, from the ledger;
                                                 those who run, and those who are cancelled and done, are left alone
  export  <customerId> [--actor <> --reason <>]       the whole record as JSON, personal data included, on stdout
  erase   <customerId> --actor <> --reason <>         remove personal data; identity, charges and evidence stay
  kill-switch on|off --actor <> --reason <>               stop every attempt for everybody, or let them go on (within 5 minutes)
  brake   status

needs DATABASE_URL, or DATA_DIR for what \`npm start\` keeps (only while that is stopped: its database is one process's);
recover also needs TEMPORAL_ADDRESS and Temporal's other variables, and PAYLOAD_KEYS where worker and api have them.

All but \`brake status\` are put on record for good, with --actor and --reason: no personal data in them. Without them \`recover\`
and \`export\` are on record as the system's user, "not said". docs/operations.md says more.
Exit codes: 0 done, 1 a fault, 2 bad use, 3 no such customer.`;

const FAULT = 1;
const BAD_USE = 2;
const NOBODY = 3;

process.exitCode = await main(process.argv.slice(2));

async function main(typed: readonly string[]): Promise<number> {
  if (typed.length === 1 && typed[0] === '--help') {
    console.log(USAGE);
    return 0;
  }
  let command: Command;
  try {
    command = commandFrom(typed);
    if (!process.env.DATABASE_URL && !process.env.DATA_DIR) throw new Error('DATABASE_URL is not set');
    if (command.do === 'recover' && !process.env.DATABASE_URL)
      throw new Error(
        'recover needs DATABASE_URL: an embedded ledger is used by its worker, and starts with it',
      );
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return BAD_USE;
  }
  try {
    const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir = '' } = process.env;
    const ledger = await openLedger(databaseUrl ? { databaseUrl } : { dataDir });
    try {
      return await run(command, ledger);
    } finally {
      await ledger.close();
    }
  } catch (error) {
    console.error(messageOf(error));
    return FAULT;
  }
}

async function run(command: Command, ledger: Ledger): Promise<number> {
  switch (command.do) {
    case 'recover':
      return recover(command, ledger);
    case 'export': {
      const { customerId, actor, reason } = command;
      if ((await ledger.getCustomer(customerId)) === null) return nobody(customerId);
      // First, so that nothing gets out that is not on record; so an export tells of itself too.
      await ledger.addOperatorAction({ kind: 'export', customerId, actor, reason, data: {} });
      console.log(JSON.stringify(await exportCustomer(customerId, ledger), null, 2));
      return 0;
    }
    case 'erase': {
      const keys = await ledger.erase(command);
      if (keys === null) return nobody(command.customerId);
      console.log(`erased the personal data of ${command.customerId}; rows: ${keys.length}`);
      return 0;
    }
    case 'kill-switch':
      await ledger.setKillSwitch(command);
      console.log(await killSwitchStatus(ledger));
      return 0;
    case 'kill-switch status':
      console.log(await killSwitchStatus(ledger));
      return 0;
  }
}

async function recover(
  { customerId, actor, reason }: { readonly customerId: string } & By,
  ledger: Ledger,
): Promise<number> {
  const faults: string[] = [];
  const { connectionOptions, namespace } = temporalFrom(process.env, faults);
  const payloadKeys = readPayloadKeys(process.env.PAYLOAD_KEYS ?? '', faults);
  if (faults.length > 0) throw new Error(`bad configuration: ${faults.join('; ')}`);
  const connection = await Connection.connect(connectionOptions);
  try {
    const dataConverter = dataConverterWith(createPayloadCodec(payloadKeys));
    const world = { ledger, client: new Client({ connection, namespace, dataConverter }) };
    const by = { kind: 'recover', actor, reason } as const;
    if (customerId === 'all') {
      let tally: Tally = { started: 0, running: 0, over: 0 };
      let isWhole = false;
      try {
        await recoverAll(world, (soFar) => {
          tally = soFar;
          console.error(inWords(tally));
        });
        isWhole = true;
      } finally {
        await ledger.addOperatorAction({ ...by, customerId: null, data: { ...tally, isWhole } });
      }
      console.log(inWords(tally));
      return 0;
    }
    const end = await recoverOne(customerId, world);
    if (end === null) return nobody(customerId);
    await ledger.addOperatorAction({ ...by, customerId, data: { end } });
    console.log(`${customerId}: ${end}`);
    return 0;
  } finally {
    await connection.close();
  }
}

async function killSwitchStatus(ledger: Ledger): Promise<string> {
  const killSwitch = await ledger.killSwitch();
  if (killSwitch === null) return 'the brake is off; nobody ever touched it';
  const { isOn, atMs, actor, reason } = killSwitch;
  return `the brake is ${isOn ? 'on' : 'off'} since ${new Date(atMs).toISOString()}: ${actor}, ${reason}`;
}

function inWords({ started, running, over }: Tally): string {
  return `${started} started, ${running} running already, ${over} over`;
}

function nobody(customerId: string): number {
  console.error(`the ledger has no customer "${customerId}" on record`);
  return NOBODY;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
