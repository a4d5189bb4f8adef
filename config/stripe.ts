// The Stripe keys and where Stripe is, as api and worker both read them.
import { faultsInKeys, isLiveKey } from '../stripe/api-keys.ts';
import type { Environment } from './environment.ts';
import { anyText, STAND_IN } from './rules.ts';

export interface StripeSettings {
  /** Moves money. */
  readonly secretKey: string | null;
  /** Reads intents; restricted. */
  readonly readKey: string | null;
  readonly publishableKey: string | null;
  /** Null: Stripe itself. Else the origin of a stand-in, e.g. `http://127.0.0.1:8420`. */
  readonly apiBase: string | null;
  /** Whether one of the keys belongs to real money. */
  readonly isLive: boolean;
}

export const SERVER_KEY = anyText('a secret or restricted key (sk_… or rk_…)');
export const BROWSER_KEY = anyText('a publishable key (pk_…) of the same account');

/** Keys that are set must belong together, also those that this process does not use. */
export function stripeSettings(environment: Environment): StripeSettings {
  const secretKey = environment.optional('STRIPE_SECRET_KEY', SERVER_KEY);
  const readKey = environment.optional('STRIPE_READ_KEY', SERVER_KEY);
  const publishableKey = environment.optional('STRIPE_PUBLISHABLE_KEY', BROWSER_KEY);
  environment.faults.push(
    ...faultsInKeys({
      server: { STRIPE_READ_KEY: readKey, STRIPE_SECRET_KEY: secretKey },
      browser: { STRIPE_PUBLISHABLE_KEY: publishableKey },
    }),
  );
  const apiBase = environment.optional('STRIPE_API_BASE', STAND_IN)?.replace(/\/+$/, '') ?? null;
  const isLive = [secretKey, readKey, publishableKey].some((key) => key !== null && isLiveKey(key));
  if (apiBase !== null && isLive)
    environment.faults.push(
      'STRIPE_API_BASE names a stand-in, and one of the Stripe keys is a live key: unset it, or use test keys',
    );
  return { secretKey, readKey, publishableKey, apiBase, isLive };
}
