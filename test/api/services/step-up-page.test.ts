// What the authentication page gives out a client secret for: only the intent that is owed, only while it may be paid.
import { beforeEach, expect, test } from 'vitest';
import type { CustomerReader } from '../../../api/services/customer-reader.ts';
import { createStepUpPage } from '../../../api/services/step-up-page.ts';
import type { ChargeView, CustomerView } from '../../../domain/view.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { createLinks } from '../../../links/links.ts';
import type { PaymentSecret } from '../../../stripe/reader.ts';
import type { CustomerWorkflows } from '../../../temporal/customer-workflows.ts';

const LINK = { customerId: 'ada', chargeId: 'july' };
const CHARGE: ChargeView = {
  chargeId: 'july',
  status: 'awaiting_step_up',
  amount: 4900,
  currency: 'eur',
  attempts: [],
  paymentIntentId: 'pi_1',
  dueAtMs: 0,
};
const VIEW: CustomerView = {
  customerId: 'ada',
  stripeCustomerId: 'cus_1',
  status: 'awaiting_step_up',
  needsAttention: [],
  amountDue: 4900,
  amountsDue: [],
  currency: 'eur',
  charges: [CHARGE],
};
const OWED: PaymentSecret = {
  status: 'requires_payment_method',
  clientSecret: 'pi_1_secret_1',
  paymentMethodId: 'pm_1',
  amount: 4900,
  currency: 'eur',
  stripeCustomerId: 'cus_1',
};

let isKillSwitchOn: boolean;
let intent: PaymentSecret;
let readAgain: string[];
beforeEach(() => {
  isKillSwitchOn = false;
  intent = OWED;
  readAgain = [];
});

function page() {
  return createStepUpPage({
    ledger: { isKillSwitchOn: async () => isKillSwitchOn } as unknown as Ledger,
    workflows: {
      completeStepUp: async (_customerId: string, chargeId: string) => readAgain.push(chargeId) > 0,
    } as unknown as CustomerWorkflows,
    reader: { customer: async () => ({ view: VIEW }) } as unknown as CustomerReader,
    links: createLinks({ secrets: ['a secret that is long enough here'], publicUrl: 'https://pay.example' }),
    stripe: { paymentIntent: async () => intent, setupIntent: () => expect.unreachable() },
    browserStripe: { publishableKey: 'pk_test_1', stripeJsUrl: 'https://js.stripe.com' },
  });
}

test('the secret of the intent that is owed', async () => {
  expect(await page().session(LINK)).toMatchObject({
    chargeId: 'july',
    clientSecret: 'pi_1_secret_1',
    paymentMethodId: 'pm_1',
    amount: 4900,
    currency: 'eur',
  });
  expect(readAgain).toEqual([]);
});

test.each([{ amount: 490_000 }, { currency: 'usd' }, { stripeCustomerId: 'cus_2' }])(
  'none where somebody has changed it to %j: the workflow reads it instead',
  async (change) => {
    intent = { ...OWED, ...change };
    await expect(page().session(LINK)).rejects.toMatchObject({ code: 'stripe_unavailable' });
    expect(readAgain).toEqual(['july']);
  },
);

test('none while the kill switch is on', async () => {
  isKillSwitchOn = true;
  await expect(page().session(LINK)).rejects.toMatchObject({ code: 'payments_stopped' });
});
