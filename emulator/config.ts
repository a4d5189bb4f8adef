// The emulator's settings from the environment.
import { join } from 'node:path';

export interface EmulatorConfig {
  readonly host: string;
  readonly port: number;
  readonly dataFile: string;
  readonly webhookSecret: string;
  readonly webhookUrl: string | null;
}

/** Names every fault at once, so that one restart fixes them all. */
export function loadConfig(env: NodeJS.ProcessEnv): EmulatorConfig {
  const faults: string[] = [];
  const port = Number(env.PORT || 8420);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) faults.push('PORT must be a port number');
  const webhookSecret = env.STRIPE_WEBHOOK_SECRET?.split(',')[0]?.trim() ?? '';
  if (webhookSecret === '') faults.push('STRIPE_WEBHOOK_SECRET is not set');
  const webhookUrl = env.EMULATOR_WEBHOOK_URL || null;
  if (webhookUrl !== null && !/^https?:$/.test(protocolOf(webhookUrl))) {
    faults.push('EMULATOR_WEBHOOK_URL must be an http or https URL');
  }
  if (faults.length > 0) throw new Error(`bad configuration: ${faults.join('; ')}`);
  return {
    host: env.HOST || '127.0.0.1',
    port,
    dataFile: join(env.DATA_DIR || '.data', 'emulator.jsonl'),
    webhookSecret,
    webhookUrl,
  };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
