// The least that Temporal can do a charge with: what the product is compared with.
import {
  condition,
  defineSignal,
  proxyActivities,
  proxySinks,
  type Sinks,
  setHandler,
  sleep,
} from '@temporalio/workflow';

export interface BareActivities {
  /** One HTTP request that takes the money. */
  charge(key: string): Promise<void>;
}

export interface BareSinks extends Sinks {
  readonly bench: { armed(): void; done(): void };
}

export interface BareCharge {
  readonly key: string;
  /** Epoch milliseconds; absent: now. */
  readonly dueAtMs?: number;
}

export const chargeSignal = defineSignal<[BareCharge]>('charge');
export const eventSignal = defineSignal<[object]>('event');

const { charge } = proxyActivities<BareActivities>({ startToCloseTimeout: '60s' });
const { bench } = proxySinks<BareSinks>();

/** One signal, one activity, for ever; where it is due later, a timer between them. */
export async function bareCustomer(): Promise<void> {
  const queue: BareCharge[] = [];
  setHandler(chargeSignal, (request) => void queue.push(request));
  setHandler(eventSignal, () => bench.done());
  bench.armed();
  for (;;) {
    await condition(() => queue.length > 0);
    const next = queue.shift() as BareCharge;
    if (next.dueAtMs !== undefined) {
      bench.armed();
      await sleep(Math.max(1, next.dueAtMs - Date.now()));
    }
    await charge(next.key);
    bench.done();
  }
}
