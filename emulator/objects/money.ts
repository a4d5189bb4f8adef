// Which amounts and currencies the API accepts. Minor units throughout.
// Source: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts.
import { invalidRequest } from '../http/errors.ts';

/** Minimum charge in minor units; where Stripe publishes none, 50 stands in. */
const MINIMUM: Readonly<Record<string, number>> = {
  aed: 200,
  czk: 1500,
  dkk: 250,
  gbp: 30,
  hkd: 400,
  huf: 17500,
  mxn: 1000,
  myr: 200,
  nok: 300,
  pln: 200,
  ron: 200,
  sek: 300,
  thb: 1000,
};
const USUAL_MINIMUM = 50;
const MAXIMUM = 99_999_999;

const CURRENCIES = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));

/** @throws StripeProblem 400 unless this amount can be charged in this currency */
export function checkMoney(amount: number, currency: string): void {
  if (!CURRENCIES.has(currency)) {
    throw invalidRequest(`Invalid currency: ${currency}.`, { param: 'currency' });
  }
  if (amount <= 0) {
    throw invalidRequest('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' });
  }
  const minimum = MINIMUM[currency] ?? USUAL_MINIMUM;
  if (amount < minimum) {
    throw invalidRequest(`Amount must be at least ${minimum} in minor units of ${currency}`, {
      code: 'amount_too_small',
      param: 'amount',
    });
  }
  if (amount > MAXIMUM) {
    throw invalidRequest(`Amount must be no more than ${MAXIMUM} in minor units of ${currency}`, {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
}
