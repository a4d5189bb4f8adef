// Stripe's signed webhooks, beside a signal that is sent to the bare workflow.
import Stripe from 'stripe';
import type { Bench, RowResult } from '../bench.ts';
import { meter, total } from '../cpu.ts';
import { inFlight } from '../in-flight.ts';
import { type Measured, measured } from '../measured.ts';
import { figure, median } from '../numbers.ts';

const AT_ONCE = 50;
/** Webhooks to one customer in a round. */
const EACH = 5;
const GOAL_MS = 0.5;

interface Event {
  readonly id: string;
  readonly type: string;
  readonly object: object;
}

export async function webhooks(bench: Bench): Promise<RowResult> {
  const { options, product, say } = bench;
  await product.enrolUpTo(options.charges);
  await product.charge('hooked', options.charges);
  await product.untilSettled('hooked', options.charges);
  const { known, settled } = await eventsFor(bench);
  await post(bench, known); // taken for the first time: the workflow reads the object

  const count = options.charges * EACH;
  const many = (events: readonly Event[]) => Array.from({ length: EACH }, () => events).flat();
  const kinds: readonly [name: string, act: () => Promise<Measured>][] = [
    ['bare signal', () => withSender(bench, count, () => bench.bare.notify(count, options.charges))],
    [
      'webhook that reaches the workflow and changes nothing',
      () => measured(bench, 'product', count, () => post(bench, many(known))),
    ],
    [
      'webhook about what is on record',
      () => measured(bench, 'product', count, () => post(bench, many(settled))),
    ],
  ];
  const rounds = kinds.map((): Measured[] => []);
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const [index, [name, act]] of kinds.entries()) {
      const each = await act();
      say(`round ${round}, ${name}: ${figure(total(each.cpu) / count)} ms CPU each`);
      if (round > 0) rounds[index]?.push(each);
    }
  }
  const [bare = [], reaching = []] = rounds;
  const above = median(
    reaching.map((round, index) => (total(round.cpu) - total(bare[index]?.cpu ?? {})) / count),
  );
  const names = Object.keys(reaching[0]?.cpu ?? {});
  return {
    tables: [
      {
        title: 'Signed webhooks',
        text: `${count} of each kind to ${options.charges} customers, 50 at once. With the bare signal the process that sends it counts as
\`api\`, for that is what the api does with a webhook.`,
        head: ['', ...names.map((name) => `${name}, CPU ms each`), 'all, CPU ms each', 'a second'],
        rows: kinds.map(([name], index) => [
          name,
          ...names.map((process_) =>
            figure(median((rounds[index] ?? []).map(({ cpu }) => (cpu[process_] ?? 0) / count))),
          ),
          figure(median((rounds[index] ?? []).map(({ cpu }) => total(cpu) / count))),
          figure(median((rounds[index] ?? []).map(({ ms }) => (count / ms) * 1000))),
        ]),
      },
    ],
    goals: [
      {
        what: 'CPU of a signed webhook above the bare signal',
        wanted: `≤ ${GOAL_MS} ms`,
        got: `${figure(above)} ms`,
        isMet: above <= GOAL_MS,
      },
    ],
  };
}

/** The bench itself sends the bare signals, and its CPU counts. */
async function withSender(bench: Bench, count: number, act: () => Promise<void>): Promise<Measured> {
  const sender = meter({ api: process.pid });
  const round = await measured(bench, 'bare', count, act);
  return { ...round, cpu: { ...round.cpu, ...sender() } };
}

/** For each customer one event that their workflow will know, and one about a payment that is on record. */
async function eventsFor({ product, options, stage }: Bench): Promise<{ known: Event[]; settled: Event[] }> {
  const known: Event[] = [];
  const settled: Event[] = [];
  await inFlight(AT_ONCE, product.customers.slice(0, options.charges), async (customerId) => {
    const plain = customerId.replaceAll('-', '_'); // as Stripe's ids are
    const { body: customer } = await product.call('GET', `/v1/customers/${customerId}`);
    const { body: charge } = await product.call(
      'GET',
      `/v1/customers/${customerId}/charges/hooked-${customerId}`,
    );
    const card = {
      id: `pm_of_${plain}`,
      object: 'payment_method',
      customer: customer.stripeCustomerId,
    };
    known.push({ id: `evt_card_${plain}`, type: 'payment_method.updated', object: card });
    const intent = { id: charge.paymentIntentId, object: 'payment_intent' };
    settled.push({ id: `evt_paid_${plain}`, type: 'payment_intent.succeeded', object: intent });
  });
  if (settled.length === 0) throw new Error(`${stage.apiUrl}: nobody is enrolled`);
  return { known, settled };
}

async function post({ stage, signal }: Bench, events: readonly Event[]): Promise<void> {
  await inFlight(AT_ONCE, events, async ({ id, type, object }) => {
    const payload = JSON.stringify({
      id,
      object: 'event',
      type,
      livemode: false,
      created: Math.floor(Date.now() / 1000),
      data: { object },
    });
    const response = await fetch(`${stage.apiUrl}/webhooks/stripe`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'stripe-signature': Stripe.webhooks.generateTestHeaderString({
          payload,
          secret: stage.webhookSecret,
        }),
      },
      body: payload,
      signal,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`webhook: ${response.status} ${text}`);
  });
}
