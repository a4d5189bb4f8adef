// Reads the command line: a command, its target, and the actor and reason that go on record.
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { isId } from '../domain/shared/ids.ts';

export const USAGE = `usage: npm run ops -- <command>

  migrate                    as the database's owner: bring the tables up to date, and give the roles offsession_worker,
                             offsession_api and offsession_ops, where they exist, what they may do
  recover <customerId|all>   start the workflows of customers who have none, from the ledger; running workflows, and
                             customers who are cancelled with nothing open, are left alone
  export <customerId>        print the whole record as JSON, with personal data
  erase <customerId>         remove personal data; identity, charges and evidence stay
  verify [customerId|all]    walk the chains of evidence and name the first broken link of each; exit code 1 if there is one
  accept-gaps <customerId|all>
                             after a restore: let workflows go on whose last facts the ledger has lost
  kill-switch on|off         stop every attempt for everybody, or allow attempts again (within 5 minutes)
  kill-switch status         show the kill switch

  --actor <name>             who does this, and
  --reason <text>            why; both stay on record for good, so write no personal data in them
  --json                     of \`verify\`: print the result as JSON
  --help                     show this

Every command but \`migrate\`, \`verify\` and \`kill-switch status\` is put on record. \`erase\`, \`accept-gaps\` and
\`kill-switch on|off\` need --actor and --reason. Without them \`recover\` and \`export\` are on record as the system's
user with the reason "not said".

Environment: DATABASE_URL, or DATA_DIR for what \`npm start\` keeps (stop that first: one process at a time). \`recover\`
also needs TEMPORAL_ADDRESS and Temporal's other variables, and PAYLOAD_KEYS and PAYLOAD_ALLOW_PLAIN where worker and
api have them.

Exit codes: 0 done, 1 a fault, 2 bad use, 3 no such customer. More in docs/operations.md.`;

/** Who does something and why, as typed: nobody checks either. */
export interface By {
  readonly actor: string;
  readonly reason: string;
}

export interface Target extends By {
  /** Of `recover` and `accept-gaps` also `all`. */
  readonly customerId: string;
}

export type Command =
  | { readonly do: 'help' | 'migrate' }
  | ({ readonly do: 'recover' | 'export' | 'erase' | 'accept-gaps' } & Target)
  | { readonly do: 'verify'; readonly customerId: string; readonly json: boolean }
  | ({ readonly do: 'kill-switch'; readonly isOn: boolean } & By)
  | { readonly do: 'kill-switch status' };

type Options = { readonly [Name in keyof By]?: string | undefined };

/**
 * @param typed the command line without node and the script
 * @throws Error that says what is wrong with it
 */
export function commandFrom(typed: readonly string[]): Command {
  const { positionals, values } = parseArgs({
    args: [...typed],
    options: {
      actor: { type: 'string' },
      reason: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  });
  if (values.help) return { do: 'help' };
  const [command, target, ...rest] = positionals;
  if (rest.length > 0) throw new Error(`too many words: ${rest.join(' ')}`);
  if (values.json && command !== 'verify') throw new Error('--json is of `verify` only');
  switch (command) {
    case 'recover':
    case 'export':
      return { do: command, customerId: customerIdFrom(target), ...byOrSystemUser(values) };
    case 'erase':
    case 'accept-gaps':
      return { do: command, customerId: customerIdFrom(target), ...byFrom(values) };
    case 'migrate':
      if (target !== undefined) throw new Error(`too many words: ${target}`);
      return { do: command };
    case 'verify':
      return { do: command, customerId: customerIdFrom(target ?? 'all'), json: values.json ?? false };
    case 'kill-switch':
      if (target === 'status') return { do: 'kill-switch status' };
      if (target !== 'on' && target !== 'off')
        throw new Error('the kill switch is set with: on, off; or shown with: status');
      return { do: command, isOn: target === 'on', ...byFrom(values) };
    default:
      throw new Error(command === undefined ? 'no command' : `unknown command: ${command}`);
  }
}

function customerIdFrom(target: string | undefined): string {
  if (target === undefined) throw new Error('which customer?');
  if (!isId(target)) throw new Error(`not a customer's id: ${target}`);
  return target;
}

function byFrom({ actor, reason }: Options): By {
  if (!actor || !reason) throw new Error('this is put on record: --actor and --reason are needed');
  return { actor, reason };
}

/** Scripts may leave both out. */
function byOrSystemUser({ actor, reason }: Options): By {
  return { actor: actor || systemUser(), reason: reason || 'not said' };
}

/** A container may run as a user that has no name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.()}`;
  }
}
