// What the operator typed: a command, its target, and who and why. It carries nothing out, and checks nobody's name.
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { isId } from '../domain/shared/ids.ts';

export interface By {
  readonly actor: string;
  readonly reason: string;
}

type Options = { readonly [Name in keyof By]?: string | undefined };

const NOT_SAID = 'not said';

export type Command =
  | ({ readonly do: 'recover'; readonly customerId: string | 'all' } & By)
  | ({ readonly do: 'erase'; readonly customerId: string } & By)
  | ({ readonly do: 'export'; readonly customerId: string } & By)
  | ({ readonly do: 'kill-switch'; readonly isOn: boolean } & By)
  | { readonly do: 'kill-switch status' };

/**
 * @param typed without node and the script
 * @throws Error that says what is wrong with it
 */
export function commandFrom(typed: readonly string[]): Command {
  const options = { actor: { type: 'string' }, reason: { type: 'string' } } as const;
  const { positionals, values } = parseArgs({ args: [...typed], options, allowPositionals: true });
  const [command, target, ...rest] = positionals;
  if (rest.length > 0) throw new Error(`too many words: ${rest.join(' ')}`);
  switch (command) {
    case 'recover':
      return { do: 'recover', customerId: idFrom(target), ...byOrElse(values) };
    case 'erase':
      return { do: 'erase', customerId: idFrom(target), ...byFrom(values) };
    case 'export':
      return { do: 'export', customerId: idFrom(target), ...byOrElse(values) };
    case 'kill-switch':
      if (target === 'status') return { do: 'kill-switch status' };
      if (target !== 'on' && target !== 'off')
        throw new Error('kill-switch is set to: on, off; or asked for: status');
      return { do: 'kill-switch', isOn: target === 'on', ...byFrom(values) };
    default:
      throw new Error(command === undefined ? 'no command' : `unknown command: ${command}`);
  }
}

function idFrom(target: string | undefined): string {
  if (target === undefined) throw new Error('which customer?');
  if (!isId(target)) throw new Error(`not a customer's id: ${target}`);
  return target;
}

function byFrom({ actor, reason }: Options): By {
  if (!actor || !reason) throw new Error('this is put on record: --actor and --reason are needed');
  return { actor, reason };
}

/** Scripts call these bare, and are on record all the same: as the system's user, and without a reason. */
function byOrElse({ actor, reason }: Options): By {
  return { actor: actor || systemUser(), reason: reason || NOT_SAID };
}

/** A container may run as a user that has no name. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.()}`;
  }
}
