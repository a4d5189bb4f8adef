// The walk-through of `npm start`: two customers, their banks and their money, over HTTP as any caller would.
import type { Client } from '@temporalio/client';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { workflowIdOf } from '../workflows/messages.ts';
import { skipTime } from './time.ts';

export interface StoryStage {
  readonly url: string;
  readonly apiKey: string;
  readonly emulatorUrl: string;
  readonly emulatorKey: string;
  readonly client: Client;
  /** Where to print. */
  readonly tell: (line: string) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: the story reads JSON as any caller would
type Json = any;

const DAY_MS = 86_400_000;
/** A step that takes longer has gone wrong. */
const PATIENCE_MS = 20_000;
const CONSENT = { termsVersion: '1', acceptedAt: '2026-01-02T03:04:05Z' };

/** @throws Error naming the step that was not as expected */
export async function playStory(stage: StoryStage): Promise<void> {
  const startedAt = Date.now();
  const tell = (line: string) =>
    stage.tell(`  ${((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)} s  ${line}`);
  const caller = createCaller(stage);
  const { get, post, until, control } = caller;

  const ada = await post('/v1/customers', {
    customerId: 'ada',
    email: 'ada@example.com',
    paymentMethod: 'pm_card_authenticationRequiredOnSetup',
    consent: CONSENT,
  });
  expect('Ada’s card needs 3-D Secure', ada.enrolment.status, 'awaiting_customer');
  tell(`Ada gives a card; her bank wants to see her first: enrolment ${ada.enrolment.status}`);
  await control(`challenges/${ada.enrolment.setupIntentId}`, { result: 'succeed' });
  const enrolled = await until('/v1/customers/ada', ({ status }) => status === 'active', 'Ada is enrolled');
  tell(
    `Ada authenticates: mandate ${enrolled.mandate.status}, ${enrolled.card.brand} …${enrolled.card.last4} (${enrolled.card.country})`,
  );

  const first = await post('/v1/customers/ada/charges?wait=20', charge('ada-october', 4900));
  expect('the first charge', first.status, 'succeeded');
  tell(`She is away. ${sum(first)} for October: ${first.status}, attempt ${first.attempts.length}`);

  const card = await caller.cardOf('ada');
  await control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const second = await post('/v1/customers/ada/charges?wait=20', charge('ada-november', 4900));
  expect('the second charge', second.status, 'awaiting_step_up');
  tell(
    `${sum(second)} for November: her bank says ${second.attempts.at(-1).declineCode}; the charge is ${second.status}`,
  );
  await post('/v1/customers/ada/charges', charge('ada-extra', 700));
  const held = await until(
    '/v1/customers/ada/charges/ada-extra',
    ({ status }) => status === 'held',
    'the next is held',
  );
  tell(
    `${sum(held)} more falls due meanwhile: ${held.status}, because her queue waits (until ${second.stepUp.deadline})`,
  );
  await control(`challenges/${second.paymentIntentId}`, { result: 'succeed' });
  const collected = await settled('ada', 'ada-november');
  tell(
    `Ada authenticates: ${sum(collected)} ${collected.status}, on the same intent ${collected.paymentIntentId}`,
  );
  const released = await settled('ada', 'ada-extra');
  tell(`Her queue goes on: ${sum(released)} ${released.status}`);

  await post('/v1/customers', { customerId: 'grace', paymentMethod: 'pm_card_visa', consent: CONSENT });
  await until('/v1/customers/grace', ({ status }) => status === 'active', 'Grace is enrolled');
  await control('outcomes', {
    paymentMethod: await caller.cardOf('grace'),
    outcomes: ['insufficient_funds'],
  });
  const declined = await post('/v1/customers/grace/charges?wait=1', charge('grace-november', 1900));
  const retrying = await until(
    '/v1/customers/grace/charges/grace-november',
    ({ status }) => status === 'retrying',
    'Grace’s charge is to be retried',
  );
  tell(
    `Grace owes ${sum(declined)}: ${retrying.decline.declineCode}, ${retrying.status} on ${retrying.nextAttemptAt.slice(0, 10)}`,
  );
  const skippedMs = await skipTime({
    client: stage.client,
    workflowId: workflowIdOf('grace'),
    ms: 1.1 * DAY_MS,
    emulatorUrl: stage.emulatorUrl,
  });
  const paid = await settled('grace', 'grace-november');
  tell(
    `${(skippedMs / DAY_MS).toFixed(1)} days go by for her: ${sum(paid)} ${paid.status} at attempt ${paid.attempts.length}`,
  );

  for (const chargeId of ['ada-october', 'ada-november', 'ada-extra', 'grace-november']) {
    const truth = await control(`truth?chargeId=${chargeId}`);
    expect(`${chargeId} was collected once`, truth.succeeded, 1);
  }
  const { items } = await get('/v1/customers/ada/evidence');
  tell(
    `What Stripe’s stand-in knows: four charges, each collected once. On record for Ada: ${items.length} facts`,
  );

  async function settled(customerId: string, chargeId: string): Promise<Json> {
    const path = `/v1/customers/${customerId}/charges/${chargeId}`;
    return until(path, ({ status }) => status === 'succeeded', `${chargeId} is collected`);
  }
}

function createCaller({ url, apiKey, emulatorUrl, emulatorKey }: StoryStage) {
  async function call(address: string, key: string, body?: object): Promise<Json> {
    const response = await fetch(address, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...omitUndefined({ body: body && JSON.stringify(body) }),
    });
    const answer: Json = await response.json();
    if (!response.ok)
      throw new Error(`${new URL(address).pathname} answered ${response.status}: ${answer.detail}`);
    return answer;
  }
  const get = (path: string) => call(url + path, apiKey);
  const control = (path: string, body?: object) =>
    call(`${emulatorUrl}/_emulator/${path}`, emulatorKey, body);
  return {
    get,
    control,
    post: (path: string, body: object) => call(url + path, apiKey, body),
    async until(path: string, isIt: (answer: Json) => boolean, what: string): Promise<Json> {
      const giveUpAt = Date.now() + PATIENCE_MS;
      for (;;) {
        const answer = await get(path);
        if (isIt(answer)) return answer;
        if (Date.now() > giveUpAt)
          throw new Error(`not as expected: ${what}; instead ${JSON.stringify(answer)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    /** The card on file, as the emulator names it: only it can be told what its bank will say next. */
    async cardOf(customerId: string): Promise<string> {
      const { mandate } = await get(`/v1/customers/${customerId}`);
      const setup = await call(`${emulatorUrl}/v1/setup_intents/${mandate.setupIntentId}`, emulatorKey);
      return setup.payment_method;
    },
  };
}

function charge(chargeId: string, amount: number) {
  return { chargeId, amount, currency: 'eur' };
}

function sum({ amount, currency }: Json): string {
  return `${(amount / 100).toFixed(2)} ${currency.toUpperCase()}`;
}

function expect(what: string, actual: unknown, wanted: unknown): void {
  if (actual !== wanted)
    throw new Error(`not as expected: ${what} is ${String(actual)} instead of ${String(wanted)}`);
}
