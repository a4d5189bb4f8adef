// A link opens its one matter for its one customer, as long as that is open; afterwards it gives out no secret.
import { createHash, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createLinks, LINK_LIFE, type Links } from '../../links/links.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const OLD_SECRET = 'an old secret that signed links before the roll';
const NEW_SECRET = 'a new secret that signs links since the roll';

let stack: TestStack;
let rolledOut: Links;
beforeAll(async () => {
  stack = await startTestStack({ env: { LINK_SECRET: `${NEW_SECRET},${OLD_SECRET}` } });
  rolledOut = createLinks({ secrets: [OLD_SECRET], publicUrl: stack.url });
});
afterAll(() => stack.stop());

async function session(url: string, body: object = {}): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

async function expectNoSecret(url: string, status: number): Promise<void> {
  const answer = await session(url, url.includes('/enrol/') ? { consent: true } : {});
  expect(answer.status).toBe(status);
  expect(answer.text).not.toContain('_secret_');
}

async function waitingCharge(
  customerId: string,
  chargeId: string,
): Promise<{ url: string; paymentIntentId: string }> {
  const card = await stack.cardOf(customerId);
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await stack.post(`/v1/customers/${customerId}/charges`, { chargeId, amount: 3000, currency: 'eur' });
  const charge = await stack.untilCharge(customerId, chargeId, 'awaiting_step_up');
  return { url: charge.stepUp.url, paymentIntentId: charge.paymentIntentId };
}

test('an enrol link that was used gives out no secret, and neither does one of an earlier enrolment', async () => {
  const first = (await stack.post('/v1/customers', { customerId: 'enrols' })).body.enrolment.url;
  expect((await session(first, { consent: true })).text).toContain('_secret_');
  const second = (await stack.post('/v1/customers/enrols/enrolments')).body.enrolment.url;
  const secret = JSON.parse((await session(second, { consent: true })).text).clientSecret;
  await stack.giveCard(secret, '4242424242424242');
  await stack.untilCustomer('enrols', 'active');
  await expectNoSecret(second, 410);

  const { body } = await stack.post('/v1/customers/enrols/enrolments');
  expect((await session(body.enrolment.url, { consent: true })).text).toContain('_secret_');
  await expectNoSecret(first, 410);
  await expectNoSecret(second, 410);
});

test('the link of an enrolment whose tries are used up is over', async () => {
  const { body } = await stack.post('/v1/customers', { customerId: 'five-cards' });
  const { url, setupIntentId } = body.enrolment;
  const { clientSecret } = JSON.parse((await session(url, { consent: true })).text);
  for (let tries = 0; tries < 5; tries += 1) {
    await stack.giveCard(clientSecret, '4000000000000002');
    await fetch(`${url}/done`, { method: 'POST' });
    await stack.until('/v1/customers/five-cards/evidence', ({ items }) => {
      const failures = items.filter(({ kind }: { kind: string }) => kind === 'setup_failed');
      return failures.length > tries;
    });
  }
  await expectNoSecret(url, 410);
  expect((await (await fetch(`${url}/status`)).json()) as object).toMatchObject({ status: 'over' });
  await vi.waitFor(
    async () => {
      expect((await stack.stripe('GET', `setup_intents/${setupIntentId}`)).status).toBe('canceled');
    },
    { timeout: 60_000 },
  );
});

test('a step-up link that was settled gives out no secret, also when the bank asks again for a later charge', async () => {
  await stack.enrol('steps-up');
  const settled = await waitingCharge('steps-up', 'steps-up-1');
  expect((await session(settled.url)).text).toContain(`${settled.paymentIntentId}_secret_`);
  await stack.control(`challenges/${settled.paymentIntentId}`, { result: 'succeed' });
  await stack.untilCharge('steps-up', 'steps-up-1', 'succeeded');
  await expectNoSecret(settled.url, 410);

  const later = await waitingCharge('steps-up', 'steps-up-2');
  await expectNoSecret(settled.url, 410);
  expect((await session(later.url)).text).toContain(`${later.paymentIntentId}_secret_`);
});

test('a link for one purpose or one customer opens no other', async () => {
  await stack.enrol('one-purpose');
  const { url } = await waitingCharge('one-purpose', 'one-purpose-1');
  const { body } = await stack.post('/v1/customers', { customerId: 'another' });
  await expectNoSecret(url.replace('/step-up/', '/enrol/'), 404);
  await expectNoSecret(body.enrolment.url.replace('/enrol/', '/step-up/'), 404);
  const other = createLinks({ secrets: [NEW_SECRET], publicUrl: stack.url });
  await expectNoSecret(await other.stepUp('another', 'one-purpose-1'), 404);
});

test('a forged link, an expired one and one signed with a secret that is gone open nothing', async () => {
  const { body } = await stack.post('/v1/customers', { customerId: 'forged' });
  const { url } = body.enrolment;
  const [header, claims, signature] = url.split('/').at(-1).split('.');
  const others = Buffer.from(JSON.stringify({ about: '1', aud: 'enrol', sub: 'forged', exp: 4_102_444_800 }));
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  for (const token of [
    `${header}.${others.toString('base64url')}.${signature}`,
    `${unsigned}.${claims}.`,
    randomUUID(),
  ])
    await expectNoSecret(`${stack.url}/enrol/${token}`, 404);
  await expectNoSecret(await tokenSigned(NEW_SECRET, -1), 404);
  expect((await session(await tokenSigned(NEW_SECRET, LINK_LIFE), { consent: true })).status).toBe(200);
  const gone = createLinks({ secrets: ['a secret that nobody here has known at all'], publicUrl: stack.url });
  await expectNoSecret(await gone.enrol('forged', 1), 404);
});

test('a link signed before the secret was rolled still opens', async () => {
  await stack.post('/v1/customers', { customerId: 'rolled' });
  const answer = await session(await rolledOut.enrol('rolled', 1), { consent: true });
  expect(answer.text).toContain('_secret_');
});

/** @param lifeMs from now */
async function tokenSigned(secret: string, lifeMs: number): Promise<string> {
  const token = await new SignJWT({ about: '1' })
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience('enrol')
    .setSubject('forged')
    .setExpirationTime(Math.floor((Date.now() + lifeMs) / 1000))
    .sign(createHash('sha256').update(secret).digest());
  return `${stack.url}/enrol/${token}`;
}
