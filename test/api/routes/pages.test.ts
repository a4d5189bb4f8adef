// The customer's pages without a browser: what they say, whom they let in, and what they may load.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChargeView, EnrolmentView } from '../../../domain/view.ts';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

const enrolment: EnrolmentView = {
  number: 2,
  requestId: 'request-2',
  setupIntentId: 'seti_2',
  status: 'awaiting_customer',
  closed: false,
  hasConsent: false,
};
const chargeOf = (chargeId: string, status: ChargeView['status']): ChargeView => ({
  chargeId,
  status,
  amount: 4900,
  currency: 'eur',
  attempts: [],
  paymentIntentId: `pi_${chargeId}`,
  dueAtMs: 0,
});

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
  await api.put('enrolling', { view: { status: 'awaiting_mandate', enrolment } });
  await api.put('enrolled', { view: { enrolment: { ...enrolment, status: 'succeeded', hasConsent: true } } });
  await api.ledger.putPersonal('enrolled', 'enrolment/request-2', {
    returnUrl: 'https://shop.example/account',
  });
  await api.put('waits', {
    view: { status: 'awaiting_step_up' },
    charges: [chargeOf('first', 'awaiting_step_up'), chargeOf('second', 'held')],
  });
  await api.put('next-waits', {
    view: { status: 'awaiting_step_up' },
    charges: [chargeOf('first', 'succeeded'), chargeOf('second', 'awaiting_step_up')],
  });
  await api.put('paid', { charges: [chargeOf('first', 'succeeded')] });
  await api.put('paused', { view: { status: 'paused' }, charges: [chargeOf('first', 'awaiting_step_up')] });
  await api.put('cancelled', {
    view: { status: 'cancelled', enrolment },
    charges: [chargeOf('first', 'awaiting_step_up')],
  });
}, STARTING);
afterAll(() => api.close());

/** The page's path, as behind PUBLIC_URL. */
const pathOf = (url: string) => new URL(url).pathname;
const enrolPath = async (customerId: string, number = 2) => pathOf(await api.links.enrol(customerId, number));
const stepUpPath = async (customerId: string, chargeId = 'first') =>
  pathOf(await api.links.stepUp(customerId, chargeId));
const get = (path: string) => api.ask('GET', path, undefined, null);
const send = (path: string, body?: object) => api.ask('POST', path, body, null);

describe.each([
  ['the card page', () => enrolPath('enrolling')],
  ['the authentication page', () => stepUpPath('waits')],
])('%s', (_name, path) => {
  test('names the merchant and the terms, escaped, and holds no script of its own', async () => {
    const { status, text, headers } = await get(await path());
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toContain('Ada &#38; Sons &#60;Ltd&#62;');
    expect(text).toContain('href="https://shop.example/terms"');
    expect(text).not.toContain('{{');
    expect(text).not.toMatch(/<script(?![^>]* src=)/);
    expect(text).not.toMatch(/\son\w+=/);
  });

  test('is not cached, sends no referrer, cannot be framed, and loads Stripe.js alone', async () => {
    const { headers } = await get(await path());
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' http://127.0.0.1:1;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  test('loads files that are there', async () => {
    const address = await path();
    const { text } = await get(address);
    const files = [...text.matchAll(/(?:src|href)="(\.\.\/assets\/[^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files).toHaveLength(2);
    for (const file of [...files, '../assets/page.js'])
      expect((await get(new URL(file, `https://pay.example${address}`).pathname)).status).toBe(200);
  });
});

test('the card page says which version of the terms', async () => {
  expect((await get(await enrolPath('enrolling'))).text).toContain('version 2026-01');
});

test('templates are no assets', async () => {
  expect((await get('/assets/enrol.html')).status).toBe(404);
});

describe('a link that is forged, or made for the other page', () => {
  test('shows a page that says so, and opens nothing behind it', async () => {
    const other = (await stepUpPath('waits')).replace('/step-up/', '/enrol/');
    for (const path of ['/enrol/forged', '/step-up/forged', other]) {
      const page = await get(path);
      expect({ status: page.status, type: page.headers['content-type'] }).toEqual({
        status: 404,
        type: 'text/html; charset=utf-8',
      });
      expect(page.text).toContain('This link is not valid');
      for (const answer of [
        await get(`${path}/status`),
        await send(`${path}/session`),
        await send(`${path}/done`),
      ])
        expect(answer).toMatchObject({ status: 404, body: { code: 'link_not_found' } });
    }
  });
});

describe('the card page asks', () => {
  test('how far it is, and where to go then', async () => {
    expect((await get(`${await enrolPath('enrolling')}/status`)).body).toEqual({
      status: 'awaiting_customer',
      hasConsent: false,
    });
    expect((await get(`${await enrolPath('enrolled')}/status`)).body).toEqual({
      status: 'succeeded',
      hasConsent: true,
      returnUrl: 'https://shop.example/account',
    });
  });

  test('in vain, once a later enrolment has taken its place', async () => {
    const path = await enrolPath('enrolled', 1);
    expect((await get(`${path}/status`)).body.status).toBe('over');
    expect(await send(`${path}/session`, { consent: true })).toMatchObject({
      status: 410,
      body: { code: 'link_closed' },
    });
    expect(await send(`${path}/done`)).toMatchObject({ status: 410, body: { code: 'link_closed' } });
  });

  test('for no secret before consent, and for none after the end', async () => {
    const before = await send(`${await enrolPath('enrolling')}/session`);
    expect(before).toMatchObject({ status: 422, body: { code: 'consent_required' } });
    const after = await send(`${await enrolPath('enrolled')}/session`, { consent: true });
    expect(after).toMatchObject({ status: 410, body: { code: 'link_closed' } });
  });

  test('several times at once: one consent of one visitor leaves one row', async () => {
    const path = await enrolPath('enrolling');
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => send(`${path}/session`, { consent: true })),
    );
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]); // Temporal is missing
    const keys = Object.keys(await api.ledger.personalOf('enrolling'));
    expect(keys.filter((key) => key.startsWith('consent/'))).toHaveLength(1);
  });

  test.each([{ consent: false }, { consent: 'yes' }, { consent: true, termsVersion: '1' }])(
    'with %j: refused',
    async (body) => {
      expect((await send(`${await enrolPath('enrolling')}/session`, body)).status).toBe(400);
    },
  );
});

describe('the authentication page asks', () => {
  test.each([
    [
      'waits',
      { status: 'awaiting_step_up', next: 'first', amount: '49.00 EUR', isBusy: true, isPaused: false },
    ],
    [
      'next-waits',
      { status: 'succeeded', next: 'second', amount: '49.00 EUR', isBusy: false, isPaused: false },
    ],
    [
      'paused',
      { status: 'awaiting_step_up', next: 'first', amount: '49.00 EUR', isBusy: false, isPaused: true },
    ],
    ['paid', { status: 'succeeded', isBusy: false, isPaused: false }],
  ])('what waits for customer %s', async (customerId, expected) => {
    expect((await get(`${await stepUpPath(customerId)}/status`)).body).toEqual(expected);
  });

  test('for no secret when nothing waits', async () => {
    expect(await send(`${await stepUpPath('paid')}/session`)).toMatchObject({
      status: 410,
      body: { code: 'link_closed' },
    });
  });

  test('for no secret while the customer is paused', async () => {
    const answer = await send(`${await stepUpPath('paused')}/session`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'customer_paused' } });
    expect(answer.text).not.toContain('secret');
  });

  test('for a secret that Stripe does not give: to be asked again', async () => {
    const answer = await send(`${await stepUpPath('waits')}/session`);
    expect(answer).toMatchObject({ status: 503, body: { code: 'stripe_unavailable' } });
  });
});

describe('links of a cancelled customer', () => {
  test.each([
    ['the card page', () => enrolPath('cancelled')],
    ['the authentication page', () => stepUpPath('cancelled')],
  ])('%s answers 410 to everything', async (_name, path) => {
    const address = await path();
    const page = await get(address);
    expect({ status: page.status, type: page.headers['content-type'] }).toEqual({
      status: 410,
      type: 'text/html; charset=utf-8',
    });
    expect(page.text).toContain('There is nothing to do here any more');
    for (const answer of [
      await get(`${address}/status`),
      await send(`${address}/session`),
      await send(`${address}/done`),
    ])
      expect(answer).toMatchObject({ status: 410, body: { code: 'link_closed' } });
  });

  test('a link of a customer whom nobody knows opens nothing', async () => {
    expect((await get(`${await stepUpPath('nobody')}/status`)).status).toBe(404);
  });
});

describe('bodies of the page’s requests', () => {
  const sendText = (url: string, payload: string) =>
    api.app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload });

  test('are small', async () => {
    const path = await stepUpPath('waits');
    for (const name of ['session', 'done'])
      expect((await sendText(`${path}/${name}`, `{"chargeId":"${'a'.repeat(1_024)}"}`)).statusCode).toBe(413);
    const enrolment = await enrolPath('enrolling');
    for (const name of ['session', 'done'])
      expect((await sendText(`${enrolment}/${name}`, `{"x":"${'a'.repeat(1_024)}"}`)).statusCode).toBe(413);
  });

  test('are not read before the link is', async () => {
    for (const purpose of ['enrol', 'step-up'])
      for (const payload of ['no json', `"${'a'.repeat(10_000)}"`])
        expect((await sendText(`/${purpose}/forged/session`, payload)).json()).toMatchObject({
          status: 404,
          code: 'link_not_found',
        });
  });
});
