// While Temporal is unreachable: what is on record is shown, what needs a workflow is 503, nothing is lost.
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { ChargeView } from '../../domain/view.ts';
import { STARTING, startTestApp, type TestApp } from './_app.ts';

const due = Date.parse('2026-02-01T10:00:00Z');
const waiting: ChargeView = {
  chargeId: 'waits',
  status: 'awaiting_step_up',
  amount: 4900,
  currency: 'eur',
  attempts: [{ number: 1, atMs: due, outcome: 'step_up', declineCode: 'authentication_required' }],
  paymentIntentId: 'pi_1',
  stepUp: { deadlineMs: due + 7 * 86_400_000, reminders: 0, failures: 0 },
  dueAtMs: due,
};
const paid: ChargeView = {
  chargeId: 'paid',
  status: 'succeeded',
  amount: 500,
  currency: 'eur',
  attempts: [{ number: 1, atMs: due, outcome: 'succeeded' }],
  dueAtMs: due,
};

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
  await api.put('ada', {
    view: {
      status: 'awaiting_step_up',
      amountDue: 4900,
      amountsDue: [{ currency: 'eur', amount: 4900 }],
      nextActionAtMs: due + 1,
      card: { brand: 'visa', last4: '4242', expMonth: 1, expYear: 2030, country: null },
      enrolment: {
        number: 1,
        requestId: 'r',
        setupIntentId: 'seti_1',
        status: 'succeeded',
        closed: true,
        hasConsent: true,
      },
      mandate: {
        status: 'active',
        stripeMandateId: null,
        setupIntentId: 'seti_1',
        paymentMethodId: 'pm_1',
        acceptedAtMs: due,
      },
    },
    charges: [waiting, paid],
    facts: [
      {
        sequence: 1,
        atMs: due,
        kind: 'consent',
        actor: 'backend',
        data: { consentId: 'x', acceptedAtMs: due },
      },
      {
        sequence: 2,
        atMs: due,
        kind: 'step_up_started',
        chargeId: 'waits',
        data: { deadlineMs: due, attempt: 1 },
      },
    ],
  });
}, STARTING);
afterAll(() => api.close());

test('a customer is shown as last recorded', async () => {
  const { status, body } = await api.ask('GET', '/v1/customers/ada');
  expect(status).toBe(200);
  expect(body).toEqual({
    customerId: 'ada',
    stripeCustomerId: 'cus_1',
    status: 'awaiting_step_up',
    needsAttention: [],
    enrolment: {
      setupIntentId: 'seti_1',
      status: 'succeeded',
      url: expect.stringMatching(/^https:\/\/pay\.example\/enrol\//),
    },
    card: { brand: 'visa', last4: '4242', expMonth: 1, expYear: 2030, country: null },
    mandate: {
      status: 'active',
      stripeMandateId: null,
      setupIntentId: 'seti_1',
      acceptedAt: '2026-02-01T10:00:00.000Z',
    },
    amountDue: 4900,
    amountsDue: [{ currency: 'eur', amount: 4900 }],
    currency: 'eur',
    nextActionAt: '2026-02-01T10:00:00.001Z',
    metadata: { tier: 'gold' },
  });
});

test('a charge that waits is shown with a link to its page', async () => {
  const { status, body } = await api.ask('GET', '/v1/customers/ada/charges/waits');
  expect(status).toBe(200);
  expect(body).toEqual({
    customerId: 'ada',
    chargeId: 'waits',
    status: 'awaiting_step_up',
    amount: 4900,
    currency: 'eur',
    attempts: [
      {
        number: 1,
        at: '2026-02-01T10:00:00.000Z',
        outcome: 'step_up',
        declineCode: 'authentication_required',
      },
    ],
    paymentIntentId: 'pi_1',
    stepUp: { url: expect.any(String), deadline: '2026-02-08T10:00:00.000Z' },
    dueAt: '2026-02-01T10:00:00.000Z',
    createdAt: expect.any(String),
  });
  const token = body.stepUp.url.split('/').at(-1);
  expect(await api.links.open('step-up', token)).toEqual({ customerId: 'ada', chargeId: 'waits' });
});

test('a key that may only read is shown no link, on whatever address', async () => {
  for (const url of [
    '/v1/customers/ada',
    '/v1/customers',
    '/v1/customers/ada/charges',
    '/v1/customers/ada/charges/waits',
    '/v1/charges',
    '/v1/customers/ada/evidence',
  ]) {
    const { status, text } = await api.ask('GET', url, undefined, 'reader-secret');
    expect({ url, status, hasLink: /https:\/\/pay\.example/.test(text) }).toEqual({
      url,
      status: 200,
      hasLink: false,
    });
  }
  const shown = await api.ask('GET', '/v1/customers/ada/charges/waits', undefined, 'reader-secret');
  expect(shown.body.stepUp).toEqual({ deadline: '2026-02-08T10:00:00.000Z' });
});

test('lists and closed charges are the ledger’s', async () => {
  const all = await api.ask('GET', '/v1/charges');
  expect(all.body.items.map(({ chargeId }: { chargeId: string }) => chargeId).sort()).toEqual([
    'paid',
    'waits',
  ]);
  const waits = await api.ask('GET', '/v1/customers/ada/charges?status=awaiting_step_up');
  expect(waits.body.items).toMatchObject([{ chargeId: 'waits', customerId: 'ada' }]);
  const listed = await api.ask('GET', '/v1/customers?status=awaiting_step_up');
  expect(listed.body.items).toMatchObject([{ customerId: 'ada', metadata: { tier: 'gold' } }]);
  expect((await api.ask('GET', '/v1/customers/ada/charges/paid')).body.status).toBe('succeeded');
});

test('evidence is in order, and its times are RFC 3339', async () => {
  const { body } = await api.ask('GET', '/v1/customers/ada/evidence');
  const at = '2026-02-01T10:00:00.000Z';
  expect(body).toEqual({
    items: [
      { at, kind: 'consent', actor: 'backend', data: { consentId: 'x', acceptedAt: at } },
      { at, kind: 'step_up_started', chargeId: 'waits', data: { deadline: at, attempt: 1 } },
    ],
  });
});

test('what is over is answered from the ledger', async () => {
  const retry = await api.ask('POST', '/v1/customers/ada/charges/paid/retry');
  expect({ status: retry.status, code: retry.body.code }).toEqual({ status: 409, code: 'charge_closed' });
  const again = await api.ask('POST', '/v1/customers/ada/charges', {
    chargeId: 'paid',
    amount: 500,
    currency: 'eur',
  });
  expect({ status: again.status, charge: again.body.status }).toEqual({ status: 200, charge: 'succeeded' });
  const other = await api.ask('POST', '/v1/customers/ada/charges', {
    chargeId: 'paid',
    amount: 501,
    currency: 'eur',
  });
  expect({ status: other.status, code: other.body.code }).toEqual({ status: 409, code: 'charge_conflict' });
  const stepUp = await api.ask('POST', '/v1/customers/ada/charges/paid/step-up');
  expect({ status: stepUp.status, code: stepUp.body.code }).toEqual({ status: 409, code: 'wrong_state' });
});

test('what needs a workflow is 503 with Retry-After; a claim stays and is shown to nobody', async () => {
  const charge = { chargeId: 'new', amount: 4900, currency: 'eur' };
  const answers = await Promise.all([
    api.ask('POST', '/v1/customers', { customerId: 'grace' }),
    api.ask('POST', '/v1/customers/ada/enrolments', {}),
    api.ask('POST', '/v1/customers/ada/charges', charge),
    api.ask('POST', '/v1/customers/ada/pause'),
    api.ask('POST', '/v1/customers/ada/charges/waits/cancel'),
    api.ask('POST', '/v1/customers/ada/charges/waits/step-up'),
  ]);
  for (const { status, body, headers } of answers) {
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'temporal_unavailable' });
    expect(headers['retry-after']).toBe('5');
  }
  expect((await api.ask('GET', '/v1/customers/ada/charges/new')).status).toBe(404);
  expect((await api.ask('POST', '/v1/customers/ada/charges', { ...charge, amount: 1 })).status).toBe(422);
  const other = await api.ask('POST', '/v1/customers/ada/charges', {
    ...charge,
    amount: 99,
    description: 'Another',
  });
  expect(other).toMatchObject({ status: 409, body: { code: 'charge_conflict' } });
  expect(other.body.detail).toContain('exists with another amount, description;');
  const grace = await api.ask('GET', '/v1/customers/grace');
  expect(grace.body).toMatchObject({ customerId: 'grace', status: 'awaiting_mandate', amountDue: 0 });
});

test('not ready, and it says what is missing', async () => {
  const { status, body } = await api.ask('GET', '/readyz', undefined, null);
  expect({ status, body }).toEqual({
    status: 503,
    body: { status: 'not_ready', temporal: 'unreachable', ledger: 'ok' },
  });
  expect((await api.ask('GET', '/healthz', undefined, null)).body).toEqual({ status: 'ok' });
});

test('whoever asks for readiness while an answer is on its way gets that one', async () => {
  const ping = vi.spyOn(api.ledger, 'ping');
  onTestFinished(() => ping.mockRestore());
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => api.ask('GET', '/readyz', undefined, null)),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(503));
  expect(ping).toHaveBeenCalledOnce();
});
