// Which tests there are and what each kind needs; it holds no settings of the product.
import { defineConfig } from 'vitest/config';

const SHARED = {
  // Files of one worker share what they import, which is most of a small file's time: none may leave anything behind.
  isolate: false,
  // Nothing here is about speed: a busy machine may take its time.
  testTimeout: 180_000,
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    // End-to-end tests mostly wait: more files at once than there are cores.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...SHARED,
          name: 'unit',
          include: [
            'test/{activities,api,config,dev,domain,emulator,ledger,links,ops,replay,stripe,temporal,worker,workflows}/**/*.test.ts',
            'chaos/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          // Each file starts a whole stack on the one Temporal server of the run.
          ...SHARED,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/temporal-server.ts'],
          maxConcurrency: 10,
        },
      },
    ],
  },
});
