// Which amounts and currencies can be charged, in minor units
// (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
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

/** Twelve digits for Indonesian rupiah, eight for all others. */
const MAXIMUM: Readonly<Record<string, number>> = { idr: 999_999_999_999 };
const USUAL_MAXIMUM = 99_999_999;

const CURRENCIES = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));

/**
 * The currency in lower case: upper case is taken too.
 * @throws StripeProblem 400 unless there is such a currency
 */
export function currencyOf(code: string): string {
  const currency = code.toLowerCase();
  if (CURRENCIES.has(currency)) return currency;
  throw invalidRequest(
    `Invalid currency: ${currency}. Stripe currently supports these currencies: ${[...CURRENCIES].join(', ')}`,
    { param: 'currency' },
  );
}

/** @throws StripeProblem 400 unless this amount can be charged in this currency */
export function checkAmount(amount: number, currency: string): void {
  if (amount <= 0) {
    throw invalidRequest('This value must be greater than or equal to 1.', {
      code: 'parameter_invalid_integer',
      param: 'amount',
    });
  }
  const minimum = MINIMUM[currency] ?? USUAL_MINIMUM;
  if (amount < minimum) {
    throw invalidRequest(`Amount must be at least ${minimum} in minor units of ${currency}`, {
      code: 'amount_too_small',
      param: 'amount',
    });
  }
  const maximum = MAXIMUM[currency] ?? USUAL_MAXIMUM;
  if (amount > maximum) {
    throw invalidRequest(`Amount must be no more than ${maximum} in minor units of ${currency}`, {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
}
