// The emulator's settings: defaults, and all faults named at once.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../emulator/config.ts';

test('only the webhook secret has no default; the first of several signs', () => {
  expect(loadConfig({ STRIPE_WEBHOOK_SECRET: 'whsec_new, whsec_old' })).toEqual({
    host: '127.0.0.1',
    port: 8420,
    dataFile: join('.data', 'emulator.jsonl'),
    webhookSecret: 'whsec_new',
    webhookUrl: null,
  });
});

test('all faults are named at once', () => {
  expect(() => loadConfig({ PORT: 'eighty', EMULATOR_WEBHOOK_URL: 'ftp://x' })).toThrow(
    'bad configuration: PORT must be a port number; STRIPE_WEBHOOK_SECRET is not set; EMULATOR_WEBHOOK_URL must be an http or https URL',
  );
});
