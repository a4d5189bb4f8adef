// The merchant's own largest amounts, from MAX_CHARGE_AMOUNT.
import type { AmountLimits } from '../domain/model/policy.ts';
import { isCurrency } from '../domain/shared/money.ts';
import { type Environment, entriesOf } from './environment.ts';

const FAULT =
  'MAX_CHARGE_AMOUNT must be a whole number of minor units for all currencies, or amounts by currency such as eur:500000,jpy:90000,default:100000';

/** Empty when it is not set: then only Stripe's own maximums hold. */
export function amountLimits(environment: Environment): AmountLimits {
  const limits: { [currencyOrDefault: string]: number } = {};
  for (const entry of entriesOf(environment.text('MAX_CHARGE_AMOUNT'))) {
    const parts = entry.split(':');
    const [currency = '', amount = '', ...rest] = parts.length === 1 ? ['default', entry] : parts;
    const isKnown = currency === 'default' || isCurrency(currency);
    const isAmount = /^[1-9]\d{0,14}$/.test(amount) && rest.length === 0;
    if (!isKnown || !isAmount || Object.hasOwn(limits, currency)) {
      environment.faults.push(FAULT);
      return {};
    }
    limits[currency] = Number(amount);
  }
  return limits;
}
