// Reads from the environment where Temporal is.
import { loadClientConnectConfig } from '@temporalio/envconfig';

export interface TemporalAddress {
  readonly connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
  readonly namespace: string;
}

/** The SDK takes whatever is not `1` or `true` for "no TLS", and would then send an API key in the clear. */
const BOOLEANS = ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'];

/**
 * Reads Temporal's own variables and profile file (docs.temporal.io/develop/environment-configuration). A variable that
 * is empty is not set, as for all other settings.
 * @param faults gets a sentence when they contradict each other, without values; what is returned then leads nowhere
 */
export function temporalFrom(env: NodeJS.ProcessEnv, faults: string[]): TemporalAddress {
  const set = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const variables = Object.fromEntries(set);
  for (const name of BOOLEANS)
    if (!['1', 'true', '0', 'false'].includes(variables[name] ?? 'false'))
      faults.push(`${name} must be true or false`);
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: variables });
    return { connectionOptions, namespace: namespace ?? 'default' };
  } catch (error) {
    faults.push(`TEMPORAL_…: ${inWords(error)}`);
    return { connectionOptions: {}, namespace: '' };
  }
}

/** The SDK's own words may quote the profile file, and with it an API key. */
function inWords(error: unknown): string {
  const { code, line, message } = error as { code?: unknown; line?: unknown; message?: unknown };
  if (typeof code === 'string') return `a file that these variables name cannot be read (${code})`;
  if (typeof line === 'number') return `the profile file is not valid TOML, line ${line}`;
  if (/^Cannot specify both \w+ and \w+$/.test(String(message))) return String(message);
  return 'TEMPORAL_PROFILE names a profile that the profile file does not have, or the file is not as it must be';
}
