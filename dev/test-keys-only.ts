// Refuses live Stripe keys where the whole product runs in one process.
import { isLiveKey } from '../stripe/api-keys.ts';

/**
 * @param env as `npm start` gets it
 * @throws Error that names the settings, never the keys, and says what runs with live keys
 */
export function refuseLiveKeys(env: NodeJS.ProcessEnv): void {
  const live = Object.keys(env).filter((name) => isLiveKey(env[name]?.trim() ?? ''));
  if (live.length === 0) return;
  throw new Error(
    `${live.join(', ')}: live Stripe keys are refused here, because npm start is for trying things out and enrols a ` +
      'customer of its own. Use sk_test_… and pk_test_… keys, or none. For real payments run `npm run worker` and ' +
      '`npm run api` as processes of their own, or docker-compose.yml (docs/operations.md).',
  );
}
