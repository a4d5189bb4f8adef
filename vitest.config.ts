// Which tests there are, what each kind needs, and how long a test of each kind may take.

import { defineConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** These start PostgreSQL (embedded or not), Temporal or processes; a busy machine may take its time over them. */
const INTEGRATION = [
  'bench/cpu.test.ts',
  'chaos/verify-evidence.test.ts',
  'test/activities/{foreign-intent,notices,record,stored-refusals,unanswered}.test.ts',
  'test/api/main.test.ts',
  'test/api/services/*.test.ts',
  'test/dev/**/*.test.ts',
  'test/emulator/store/journal.test.ts',
  'test/ledger/**/*.test.ts',
  'test/ops/**/*.test.ts',
  'test/parity/product-requests.test.ts',
  'test/replay/replay.test.ts',
  'test/stripe/owner.test.ts',
  'test/worker/{main,shutdown,worker}.test.ts',
  'test/workflows/{attempt,bundle,catch-up,customer-billing,query-guard}.test.ts',
];

// What the files of a run share.
const LEDGER_SNAPSHOT = 'test/support/ledger-snapshot.ts';
const POSTGRES_SERVER = 'test/support/postgres-server.ts';

/** These wait for time-outs and back-offs most of the time: begun first, they hold up nobody. */
const MOSTLY_WAITING = /e2e\/faults/;

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const waits = ({ moduleId }: TestSpecification) => MOSTLY_WAITING.test(moduleId);
    return [...sorted.filter(waits), ...sorted.filter((file) => !waits(file))];
  }
}

// Files of one worker share what they import, which is most of a small file's time: none may leave anything behind.
const SHARED = { isolate: false };
/** Nothing here is about speed. */
const PATIENT = { testTimeout: 180_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    // End-to-end tests mostly wait: more files at once than there are cores.
    maxWorkers: 4,
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        test: {
          ...SHARED,
          name: 'unit',
          // A test that hangs is to be seen, so it may not take long.
          testTimeout: 10_000,
          hookTimeout: 10_000,
          include: ['test/**/*.test.ts', 'chaos/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/browser/**', ...INTEGRATION],
          globalSetup: [LEDGER_SNAPSHOT],
        },
      },
      {
        test: {
          ...SHARED,
          ...PATIENT,
          name: 'integration',
          include: INTEGRATION,
          globalSetup: [LEDGER_SNAPSHOT, POSTGRES_SERVER],
        },
      },
      {
        test: {
          // Each file starts a whole stack on the one Temporal server of the run.
          ...SHARED,
          ...PATIENT,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: [LEDGER_SNAPSHOT, POSTGRES_SERVER, 'test/support/temporal-server.ts'],
          maxConcurrency: 20,
        },
      },
    ],
  },
});
