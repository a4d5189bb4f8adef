// Generates the secrets of a data folder once, so that links and keys survive a restart.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface KeptSecrets {
  readonly linkSecret: string;
  readonly webhookSecret: string;
  readonly apiKey: string;
}

export async function keptSecrets(dataDir: string): Promise<KeptSecrets> {
  const path = join(dataDir, 'secrets.json');
  if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8'));
  const secrets: KeptSecrets = {
    linkSecret: randomBytes(32).toString('hex'),
    webhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
    apiKey: randomBytes(24).toString('base64url'),
  };
  await writeFile(path, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
}
