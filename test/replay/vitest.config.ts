// How `npm run record-histories` runs; it is no part of `npm test`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/replay/record*.ts'],
    globalSetup: ['test/support/ledger-snapshot.ts', 'test/support/temporal-server.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
