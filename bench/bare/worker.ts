// The worker of the bare workflow, a process of its own with the SDK's own settings. It counts, and says how far it is.
import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createStripeClient } from '../../stripe/client.ts';
import type { BareActivities, BareSinks } from './workflows.ts';

/** What `bare.ts` gives it. */
const {
  TEMPORAL_ADDRESS = '',
  TASK_QUEUE = '',
  STRIPE_API_BASE = '',
  CUSTOMER = '',
  CARD = '',
} = process.env;

const counts = { armed: 0, done: 0 };
const counter = (what: keyof typeof counts) => ({
  callDuringReplay: false,
  fn: () => {
    counts[what] += 1;
  },
});

const stripe = createStripeClient('sk_test_emulator', STRIPE_API_BASE);
const activities: BareActivities = {
  async charge(key) {
    await stripe.paymentIntents.create(
      {
        amount: 1000,
        currency: 'eur',
        customer: CUSTOMER,
        payment_method: CARD,
        off_session: true,
        confirm: true,
      },
      { idempotencyKey: key },
    );
  },
};

Runtime.install({ logger: new DefaultLogger('WARN') });
const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS });
const worker = await Worker.create({
  connection,
  taskQueue: TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
  activities,
  sinks: { bench: { armed: counter('armed'), done: counter('done') } } satisfies {
    [Sink in keyof BareSinks]: object;
  },
});
process.on('message', () => process.send?.({ ...counts }));
const working = worker.run();
process.send?.('working');
await working;
await connection.close();
if (process.connected) process.disconnect();
