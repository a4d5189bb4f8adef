// Reads from the environment where Temporal is.
import { loadClientConnectConfig } from '@temporalio/envconfig';

export interface TemporalAddress {
  readonly connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
  readonly namespace: string;
}

/**
 * Reads Temporal's own variables and profile file (docs.temporal.io/develop/environment-configuration).
 * @param faults gets a sentence when they contradict each other; what is returned then leads nowhere
 */
export function temporalFrom(env: NodeJS.ProcessEnv, faults: string[]): TemporalAddress {
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: Object.fromEntries(set),
    });
    return { connectionOptions, namespace: namespace ?? 'default' };
  } catch (error) {
    faults.push(`TEMPORAL_…: ${error instanceof Error ? error.message : String(error)}`);
    return { connectionOptions: {}, namespace: '' };
  }
}
