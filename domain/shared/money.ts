// Which amounts may be charged, by Stripe's rules and the merchant's, and how they are written for people.
import type { AmountLimits } from '../model/policy.ts';
import { Refusal } from './refusal.ts';

/** Presentment currencies for cards (docs.stripe.com/currencies#presentment-currencies). */
const CURRENCIES = new Set(
  (
    'usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf ' +
    'chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf ' +
    'idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop ' +
    'mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd ' +
    'scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg ' +
    'xof xpf yer zar zmw'
  ).split(' '),
);

/** Minor units are major units here (docs.stripe.com/currencies#zero-decimal). */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));

/** Three decimals, of which the last must be 0 (docs.stripe.com/currencies#three-decimal). */
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));

/** Written without decimals by people, with two at Stripe, both 0 (docs.stripe.com/currencies#special-cases). */
const WHOLE_ONLY = new Set('isk ugx'.split(' '));

/** Minor units (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). Others convert to the account's. */
const MINIMUM: { readonly [currency: string]: number } = {
  usd: 50,
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17500,
  inr: 50,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
};

/** Stripe takes this many digits at most (docs.stripe.com/currencies#minimum-and-maximum-charge-amounts). */
const DIGITS = 8;
const DIGITS_OF: { readonly [currency: string]: number } = { idr: 12 };

/** The largest amount that Stripe takes, in minor units of `currency`. */
export function largestAmount(currency: string): number {
  return 10 ** (DIGITS_OF[currency] ?? DIGITS) - 1;
}

/** Whether Stripe charges cards in it. Lower case only. */
export function isCurrency(currency: string): boolean {
  return CURRENCIES.has(currency);
}

export function unsupportedCurrency(currency: string): Refusal {
  return new Refusal(
    'currency_unsupported',
    `Stripe does not charge cards in "${currency}"; use a lower-case ISO 4217 code.`,
  );
}

/**
 * Whether Stripe would take this amount, and we allow it.
 * @param amount integer minor units
 * @param currency ISO 4217, lower case
 * @param limits the merchant's own maximums in minor units; none beyond Stripe's where neither the currency nor `default` is named
 */
export function checkAmount(amount: number, currency: string, limits: AmountLimits = {}): Refusal | null {
  if (!isCurrency(currency)) return unsupportedCurrency(currency);
  if (!Number.isSafeInteger(amount)) {
    return new Refusal('amount_not_whole', 'The amount must be a whole number of minor units (cents).');
  }
  const minimum = MINIMUM[currency] ?? 1;
  if (amount < minimum) {
    return new Refusal(
      'amount_too_small',
      `The smallest charge in ${currency} is ${formatMoney(minimum, currency)}.`,
    );
  }
  const limit = Math.min(limits[currency] ?? limits.default ?? Infinity, largestAmount(currency));
  if (amount > limit) {
    return new Refusal(
      'amount_too_large',
      `The largest charge allowed here in ${currency} is ${formatMoney(limit, currency)}.`,
    );
  }
  if (THREE_DECIMAL.has(currency) && amount % 10 !== 0) {
    return new Refusal('amount_not_whole', `Amounts in ${currency} must end in 0.`);
  }
  if (WHOLE_ONLY.has(currency) && amount % 100 !== 0) {
    return new Refusal('amount_not_whole', `Amounts in ${currency} must end in 00.`);
  }
  return null;
}

/** For people: `49.00 EUR`, `500 JPY`. @param amount minor units */
export function formatMoney(amount: number, currency: string): string {
  const digits = ZERO_DECIMAL.has(currency) ? 0 : THREE_DECIMAL.has(currency) ? 3 : 2;
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency.toUpperCase()}`;
}
