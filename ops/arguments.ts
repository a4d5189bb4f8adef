// What the operator typed: a command, its target, and who and why. It does nothing.
import { parseArgs } from 'node:util';
import { isId } from '../domain/ids.ts';

interface By {
  readonly who: string;
  readonly why: string;
}

export type Command =
  | { readonly do: 'recover'; readonly customerId: string | 'all' }
  | ({ readonly do: 'erase'; readonly customerId: string } & By)
  | { readonly do: 'export'; readonly customerId: string }
  | ({ readonly do: 'brake'; readonly isOn: boolean } & By)
  | { readonly do: 'brake status' };

/**
 * @param typed without node and the script
 * @throws Error that says what is wrong with it
 */
export function commandFrom(typed: readonly string[]): Command {
  const options = { who: { type: 'string' }, why: { type: 'string' } } as const;
  const { positionals, values } = parseArgs({ args: [...typed], options, allowPositionals: true });
  const [command, target, ...rest] = positionals;
  if (rest.length > 0) throw new Error(`too many words: ${rest.join(' ')}`);
  switch (command) {
    case 'recover':
      return { do: 'recover', customerId: idFrom(target) };
    case 'erase':
      return { do: 'erase', customerId: idFrom(target), ...byFrom(values) };
    case 'export':
      return { do: 'export', customerId: idFrom(target) };
    case 'brake':
      if (target === 'status') return { do: 'brake status' };
      if (target !== 'on' && target !== 'off')
        throw new Error('brake is set to: on, off; or asked for: status');
      return { do: 'brake', isOn: target === 'on', ...byFrom(values) };
    default:
      throw new Error(command === undefined ? 'no command' : `unknown command: ${command}`);
  }
}

function idFrom(target: string | undefined): string {
  if (target === undefined) throw new Error('which customer?');
  if (!isId(target)) throw new Error(`not a customer's id: ${target}`);
  return target;
}

function byFrom({ who, why }: { who?: string | undefined; why?: string | undefined }): By {
  if (!who || !why) throw new Error('this is put on record: --who and --why are needed');
  return { who, why };
}
