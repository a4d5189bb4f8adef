// Schemas of single values, shared by requests and answers.
import Type from 'typebox';
import { ID_PATTERN, type StripeIdPrefix, stripeIdPattern } from '../../domain/shared/ids.ts';
import { OUR_METADATA_KEYS } from '../../domain/shared/our-metadata-keys.ts';
import { METADATA_KEY, METADATA_KEYS, METADATA_VALUE } from '../../domain/shared/stripe-text-rules.ts';

/** Times over HTTP: RFC 3339 in UTC, of this century. `format` also knows how long a month is. */
export const Time = (description: string, example = '2026-03-01T09:00:00Z') =>
  Type.String({
    format: 'date-time',
    pattern: '^20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]\\d(\\.\\d{1,9})?Z$',
    description: `${description} RFC 3339 in UTC.`,
    examples: [example],
  });

const Id = (description: string, example: string) =>
  Type.String({ pattern: ID_PATTERN, description, examples: [example] });

export const CustomerId = Id('Your own id of the customer.', 'customer-42');
export const ChargeId = Id('Your own id of the charge; the same id never charges twice.', 'order-2026-0117');

/** Words in one line. @param pattern bounds the length too */
export const Text = (description: string, pattern: string, example: string) =>
  Type.String({ pattern, description, examples: [example] });

/** An id of one of Stripe's objects. */
export const StripeId = (prefix: StripeIdPrefix, description: string, example: string) =>
  Type.String({ pattern: stripeIdPattern(prefix), description, examples: [example] });

export const Currency = Type.String({
  pattern: '^[a-z]{3}$',
  description: 'ISO 4217, lower case.',
  examples: ['eur'],
});

export const Amount = Type.Integer({
  description: 'Minor units of the currency: 4900 is 49.00 EUR, and 4900 JPY.',
  examples: [4900],
});

/** What Stripe's limit leaves beside our own keys. */
const THEIR_METADATA_KEYS = METADATA_KEYS - OUR_METADATA_KEYS.length;

export const Metadata = Type.Unsafe<{ [key: string]: string }>({
  type: 'object',
  maxProperties: THEIR_METADATA_KEYS,
  propertyNames: METADATA_KEY,
  additionalProperties: { type: 'string', ...METADATA_VALUE },
  description: `Yours, as Stripe keeps it: at most ${THEIR_METADATA_KEYS} keys of 40 characters, values of 500 (an emoji counts twice). ${OUR_METADATA_KEYS.join(', ')} are taken.`,
  examples: [{ orderNumber: '2026-0117' }],
});

/** A value or null. */
export const orNull = <Value>(schema: Type.TSchema & { readonly type?: unknown }) =>
  Type.Unsafe<Value | null>({ ...schema, type: [schema.type, 'null'] });

/** Nothing beside the fields named here. */
export const Strict = <Properties extends Type.TProperties>(
  properties: Properties,
  options: Type.TSchemaOptions = {},
) => Type.Object(properties, { ...options, additionalProperties: false });
