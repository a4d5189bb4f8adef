// One paid charge and its intent, as the emulator reports them: samples for the tests of the verdict.

const AT = '2027-01-01T00:00:00Z';

export const paid = {
  stripeChargeId: 'ch_1',
  paymentIntentId: 'pi_1',
  chargeId: 'one',
  customerId: 'ada',
  paymentMethodId: 'pm_1',
  amount: 500,
  currency: 'eur',
  status: 'succeeded',
  paid: true,
  refunded: false,
  amountRefunded: 0,
  declineCode: null,
  at: AT,
};

export const intent = {
  paymentIntentId: 'pi_1',
  chargeId: 'one',
  customerId: 'ada',
  status: 'succeeded',
  amount: 500,
  amountReceived: 500,
  currency: 'eur',
  confirmations: 1,
  at: AT,
};
