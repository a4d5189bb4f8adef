// The exact request that makes the intent of a charge, and which intent is the charge's afterwards.
import { expect, test } from 'vitest';
import { createPaymentIntent } from '../../activities/create-payment-intent.ts';
import type { ChargeTexts } from '../../ledger/charge-rows.ts';
import type { ClaimedIntent, Ledger } from '../../ledger/ledger.ts';
import { scriptedStripe } from '../stripe/scripted-stripe.ts';
import { stepOf } from './_attempts.ts';

const STEP = stepOf({ customerId: 'ada', chargeId: 'july', intentNumber: 3 });
const MADE = { id: 'pi_1', object: 'payment_intent', status: 'requires_payment_method' };

/** @param claims what each claim of the charge's intent is answered */
async function create(texts: ChargeTexts | null, ...claims: (ClaimedIntent | null)[]) {
  const { stripe, requests } = await scriptedStripe(({ method, path }) => [
    200,
    method === 'POST' ? MADE : { ...MADE, id: path.split('/').at(-1), status: 'canceled' },
  ]);
  const ledger = {
    installationId: 'here',
    getPersonal: async (...key: string[]) => (key.join() === 'ada,charge/july' ? texts : null),
    intentNonce: ({ intentNumber }: { intentNumber: number }) => `nonce of ${intentNumber}`,
    claimIntent: async () => claims.shift() ?? null,
  } as unknown as Ledger;
  const created = await createPaymentIntent({ stripe, ledger }, STEP);
  return { created, requests };
}

const ours = { paymentIntentId: 'pi_1', indexedForMs: 0 };

test('over what is owed, for its customer, by card alone, with our marks, and unconfirmed', async () => {
  const { requests } = await create(null, ours);
  expect(requests).toEqual([
    {
      method: 'POST',
      path: '/v1/payment_intents',
      params: {
        amount: '2000',
        currency: 'eur',
        customer: 'cus_1',
        'allowed_payment_method_types[0]': 'card',
        'metadata[customerId]': 'ada',
        'metadata[chargeId]': 'july',
        'metadata[installationId]': 'here',
        'metadata[intentNumber]': '3',
        'metadata[nonce]': 'nonce of 3',
      },
      idempotencyKey: expect.stringMatching(/^create-payment-intent-[0-9a-f]{64}$/),
    },
  ]);
});

test('with the caller’s texts; their metadata never takes the place of ours', async () => {
  const metadata = { order: '7', chargeId: 'june', nonce: 'copied' };
  const texts = { description: 'July', statementDescriptorSuffix: 'JULY', metadata };
  const { requests } = await create(texts, ours);
  expect(requests[0]?.params).toMatchObject({
    description: 'July',
    statement_descriptor_suffix: 'JULY',
    'metadata[order]': '7',
    'metadata[chargeId]': 'july',
    'metadata[nonce]': 'nonce of 3',
  });
});

test('is the charge’s once it is written down', async () => {
  expect((await create(null, ours)).created).toEqual({ madeId: 'pi_1', claimed: ours });
});

test('is not where another one was written down before, unless that is canceled', async () => {
  const other = { paymentIntentId: 'pi_0', indexedForMs: 50 };
  const { created, requests } = await create(null, other, ours);
  expect(created).toEqual({ madeId: 'pi_1', claimed: ours });
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/payment_intents',
    'GET /v1/payment_intents/pi_0',
  ]);
});

test('is not where its number has been ruled out', async () => {
  expect((await create(null, null)).created).toEqual({ madeId: 'pi_1', claimed: null });
});
