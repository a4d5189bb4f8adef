// Schemas of single values, shared by requests and answers. They check shapes; what an amount may be is domain's.
import Type from 'typebox';
import { ID_PATTERN } from '../../domain/shared/ids.ts';
import { OUR_METADATA_KEYS } from '../../domain/shared/metadata.ts';

/** Times over HTTP: RFC 3339 in UTC. `format` also knows how long a month is. */
export const Time = (description: string, example = '2026-03-01T09:00:00Z') =>
  Type.String({
    format: 'date-time',
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:[0-5]\\d(\\.\\d{1,9})?Z$',
    description: `${description} RFC 3339 in UTC.`,
    examples: [example],
  });

const Id = (description: string, example: string) =>
  Type.String({ pattern: ID_PATTERN, description, examples: [example] });

export const CustomerId = Id('Your own id of the customer.', 'customer-42');
export const ChargeId = Id('Your own id of the charge; the same id never charges twice.', 'order-2026-0117');

/** Any text a database can keep: no NUL, no half of a surrogate pair. */
const STORABLE = '^[^\\u0000\\uD800-\\uDFFF]*$';

export const Text = (description: string, maxLength: number, example: string) =>
  Type.String({ minLength: 1, maxLength, pattern: STORABLE, description, examples: [example] });

/** Stripe's ids; what comes after the prefix is Stripe's business. */
export const StripeId = (description: string, example: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_]{1,255}$', description, examples: [example] });

export const Currency = Type.String({
  pattern: '^[a-z]{3}$',
  description: 'ISO 4217, lower case.',
  examples: ['eur'],
});

export const Amount = Type.Integer({
  description: 'Minor units of the currency: 4900 is 49.00 EUR, and 4900 JPY.',
  examples: [4900],
});

/** Stripe's limits (docs.stripe.com/api/metadata), less what is ours. */
const METADATA_KEYS = 50 - OUR_METADATA_KEYS.length;

export const Metadata = Type.Unsafe<{ [key: string]: string }>({
  type: 'object',
  maxProperties: METADATA_KEYS,
  propertyNames: { pattern: '^[^\\[\\]\\u0000\\uD800-\\uDFFF]{1,40}$' },
  additionalProperties: { type: 'string', maxLength: 500, pattern: STORABLE },
  description: `Yours, as Stripe keeps it: at most ${METADATA_KEYS} keys of 40 characters, values of 500. ${OUR_METADATA_KEYS.join(', ')} are taken.`,
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
