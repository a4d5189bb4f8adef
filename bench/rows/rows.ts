// The rows of the bench, in the order in which they are measured.
import type { Row } from '../bench.ts';
import { billingRun } from './billing-run.ts';
import { chargesAtOnce, chargesDue, chargesWithNotices } from './charges.ts';
import { coldStart } from './cold-start.ts';
import { databases } from './databases.ts';
import { enrolments } from './enrolments.ts';
import { histories } from './histories.ts';
import { memory } from './memory.ts';
import { webhooks } from './webhooks.ts';
import { workers } from './workers.ts';

/** Memory first, while there are no customers; histories late, for they advance the emulator's clock. */
export const ROWS: readonly Row[] = [
  { name: 'memory', does: 'memory and CPU with idle customers', run: memory },
  { name: 'enrolments', does: 'enrolments a second', run: enrolments },
  { name: 'at-once', does: 'charges asked for at once, beside the bare workflow', run: chargesAtOnce },
  { name: 'due', does: 'charges due at the same instant, beside the bare workflow', run: chargesDue },
  { name: 'workers', does: 'charges by one worker and by two beside each other', run: workers },
  { name: 'databases', does: 'what enrolments and charges cost the databases', run: databases },
  {
    name: 'billing-run',
    does: 'the billing run under Stripe’s limits, and a person’s calls meanwhile',
    run: billingRun,
  },
  { name: 'webhooks', does: 'signed webhooks, beside a bare signal', run: webhooks },
  { name: 'notices', does: 'charges asked for at once, each with a notice', run: chargesWithNotices },
  {
    name: 'histories',
    does: 'tasks, events, bytes, billable actions of each thing that happens',
    run: histories,
  },
  { name: 'cold-start', does: 'how long worker and api take to start', run: coldStart },
];
