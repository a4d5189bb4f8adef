// Does to a charge, while it is under way, what people do at Stripe and in the Temporal UI.
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { workflowIdOf } from '../workflows/messages.ts';
import type { EmulatorControl } from './emulator-control.ts';
import type { Interference, PlannedCharge } from './plan.ts';

export interface Interferer {
  /** What may come at any moment of a charge. */
  interfere(customerId: string, charge: PlannedCharge): Promise<void>;
  /** To a hundred times what is owed; does nothing where the PaymentIntent cannot be changed any more. */
  changeAmount(paymentIntentId: string): Promise<void>;
  /** At Stripe, once the workflow names it. */
  deleteCustomer(customerId: string): Promise<void>;
}

/** Neither empty, nor of the wrong shape, nor long may they stop a workflow. */
const MALFORMED: readonly (readonly [signal: string, ...input: unknown[]])[] = [
  ['stripeEventReceived'],
  ['stripeEventReceived', {}],
  ['stripeEventReceived', null],
  [
    'stripeEventReceived',
    { eventId: 'evt_1', type: 'payment_intent.succeeded', objectId: 'x'.repeat(5_000) },
  ],
  ['stepUpCompleted'],
  ['stepUpCompleted', { chargeId: ['a'] }],
  ['aSignalOfNobody', { any: 'thing' }],
];
const REPEAT_AFTER_MS = 300;

export function createInterferer({
  temporal,
  emulator,
  signal,
  replaceCard,
  get,
  onInterference,
}: {
  readonly temporal: Client;
  readonly emulator: EmulatorControl;
  readonly signal: AbortSignal;
  readonly replaceCard: (customerId: string, card: string) => Promise<void>;
  /** Asks the api. */
  readonly get: (path: string) => Promise<{ readonly stripeCustomerId?: string }>;
  readonly onInterference: (what: Interference) => void;
}): Interferer {
  const changed = new Set<string>();

  /** Repeats it until Temporal has taken it: the server may be down. */
  async function inTemporal(act: () => Promise<unknown>): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        return void (await act());
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) throw error;
        await pause(REPEAT_AFTER_MS, undefined, { signal });
      }
    }
  }

  return {
    async interfere(customerId, { nextCard, interference }) {
      if (!interference) return;
      const workflow = temporal.workflow.getHandle(workflowIdOf(customerId));
      switch (interference.what) {
        case 'replace_card':
          await pause(interference.afterMs, undefined, { signal });
          await replaceCard(customerId, nextCard);
          break;
        case 'request_cancellation':
          await pause(interference.afterMs, undefined, { signal });
          await inTemporal(() => workflow.cancel());
          break;
        case 'send_malformed_signals':
          await pause(interference.afterMs, undefined, { signal });
          for (const [name, ...input] of MALFORMED) await inTemporal(() => workflow.signal(name, ...input));
          break;
        default:
          return; // comes at its own moment
      }
      onInterference(interference.what);
    },
    async changeAmount(paymentIntentId) {
      if (changed.has(paymentIntentId)) return;
      const path = `v1/payment_intents/${paymentIntentId}`;
      const { amount, status } = await emulator(path);
      if (status !== 'requires_payment_method') return;
      changed.add(paymentIntentId);
      await emulator(path, { amount: amount * 100 });
      onInterference('change_amount');
    },
    async deleteCustomer(customerId) {
      const { stripeCustomerId } = await get(`/v1/customers/${customerId}`);
      await emulator(`v1/customers/${stripeCustomerId}`, {}, 'DELETE');
      onInterference('delete_customer');
    },
  };
}
