// Where the parity run is played, from the environment and the command line.
import { parseArgs } from 'node:util';

export interface ParityConfig {
  readonly secretKey: string;
  /** Origin of a stand-in; `stripe` for Stripe itself, `emulator` for one that the run starts for itself. */
  readonly against: string;
  readonly record: boolean;
  readonly showAdditions: boolean;
}

const ANY_TEST_KEY = 'sk_test_parity';

/** @throws for a live key, for what is no key, and for a recording of anything but the emulator */
export function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): ParityConfig {
  const { values } = parseArgs({
    args: [...args],
    options: { record: { type: 'boolean' }, additions: { type: 'boolean' } },
  });
  const key = env.STRIPE_SECRET_KEY || '';
  const base = env.STRIPE_API_BASE || '';
  if (/^[a-z]k_live_/.test(key)) throw new Error('STRIPE_SECRET_KEY is a live key: this run makes payments');
  if (key !== '' && !/^[sr]k_test_\w+$/.test(key)) throw new Error('STRIPE_SECRET_KEY is no test key');
  if (base !== '' && !/^https?:\/\//.test(base))
    throw new Error('STRIPE_API_BASE must be an http or https URL');
  const against = base || (key === '' ? 'emulator' : 'stripe');
  const record = values.record ?? false;
  if (record && against !== 'emulator') {
    throw new Error('--record notes what the emulator answers: unset STRIPE_SECRET_KEY and STRIPE_API_BASE');
  }
  return { secretKey: key || ANY_TEST_KEY, against, record, showAdditions: values.additions ?? false };
}
