// What messages to a customer's workflow must look like, so that nothing reads one that does not.
import type { Consent, MandateTerms } from '../domain/model/enrolment.ts';
import type { Attribution } from '../domain/model/events.ts';
import type { ChargePolicy, CollectionPolicy, DayCalendar, Zone } from '../domain/model/policy.ts';
import {
  ACTOR_PATTERN,
  EVENT_ID_PATTERN,
  EVENT_TYPE_PATTERN,
  ID_PATTERN,
  REASON_PATTERN,
  STRIPE_OBJECT_ID_PATTERN,
  stripeIdPattern,
  TERMS_VERSION_PATTERN,
} from '../domain/shared/ids.ts';
import type {
  ChargeAction,
  ChargeRequest,
  ConsentRequest,
  EnrolRequest,
  StartInput,
  StepUpCompleted,
  StripeEventRef,
} from './messages.ts';

/**
 * As much of JSON Schema as messages need, checked below in a few lines. TypeBox, which the api uses, would double the
 * bundle that each run evaluates; `test/workflows/message-schemas.test.ts` holds both to the same answers.
 * `description` says what a value has to be, as the end of a sentence.
 */
type Schema = { readonly description: string } & (
  | { readonly type: 'string'; readonly pattern: string }
  | { readonly type: 'string'; readonly enum: readonly string[] }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'array'; readonly items: Schema; readonly minItems: number; readonly maxItems: number }
  | ObjectSchema
);
interface ObjectSchema {
  readonly type: 'object';
  readonly description: string;
  readonly properties: { readonly [field: string]: Schema };
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

/** One schema for each field of `Message`: a field without one does not compile, and one not named here is refused. */
type Fields<Message> = {
  readonly [Name in keyof Message]-?: undefined extends Message[Name] ? Optional : Schema;
};
interface Optional {
  readonly optional: Schema;
}
const optional = (schema: Schema): Optional => ({ optional: schema });

function objectOf<Message extends object>(fields: Fields<Message>): ObjectSchema {
  const entries = Object.entries<Schema | Optional>(fields);
  const required = entries.filter(([, field]) => !('optional' in field)).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, field]) => [name, 'optional' in field ? field.optional : field]),
    ),
    required,
    additionalProperties: false,
    description: `an object with ${required.join(', ')}`,
  };
}

const matching = (pattern: string, description: string): Schema => ({ type: 'string', pattern, description });
const oneOf = (...values: readonly string[]): Schema => ({
  type: 'string',
  enum: values,
  description: `one of ${values.join(', ')}`,
});
const integer = (minimum: number, maximum: number, description: string): Schema => ({
  type: 'integer',
  minimum,
  maximum,
  description,
});

const listOf = (items: Schema, minItems: number, maxItems: number): Schema => ({
  type: 'array',
  items,
  minItems,
  maxItems,
  description: `a list of ${minItems} to ${maxItems} values`,
});

const ID = matching(ID_PATTERN, 'an id: 1 to 64 of A-Z, a-z, 0-9, "_" and "-"');
const CURRENCY = matching('^[a-z]{3}$', 'a lower-case ISO 4217 code');
/** Which amounts may be charged is the domain's to say. */
const AMOUNT = integer(
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
  'a whole number of minor units (cents)',
);
/** Until the year 9999: what can be written as a date. */
const TIME = integer(0, 253_402_300_799_999, 'a time in epoch milliseconds');

const attribution: Fields<Attribution> = {
  actor: matching(ACTOR_PATTERN, 'who asks: one line of 1 to 64 characters'),
  reason: optional(matching(REASON_PATTERN, 'one line of 1 to 500 characters')),
};

const consent = objectOf<Consent>({
  consentId: ID,
  termsVersion: matching(TERMS_VERSION_PATTERN, 'one line of 1 to 64 characters'),
  acceptedAtMs: TIME,
  source: oneOf('request', 'page'),
});

const terms = objectOf<MandateTerms>({
  maxAmount: AMOUNT,
  currency: CURRENCY,
  every: optional(
    objectOf<NonNullable<MandateTerms['every']>>({
      unit: oneOf('day', 'week', 'month', 'year'),
      count: integer(1, 366, 'a whole number from 1 to 366'),
    }),
  ),
});

/** What a policy may say at all; what a good one says is for its file (config/policy-schema.ts). */
const count = integer(0, 1_000, 'a whole number from 0 to 1,000');
const counts = listOf(count, 0, 20);
const dayCalendar = objectOf<DayCalendar>({
  days: counts,
  at: optional(matching('^([01][0-9]|2[0-3]):[0-5][0-9]$', 'a time of day such as 09:00')),
});
const policy = objectOf<ChargePolicy>({
  name: ID,
  soft: optional(dayCalendar),
  unknown: optional(dayCalendar),
  transient: optional(objectOf<CollectionPolicy['transient']>({ hours: counts })),
  attempts: optional(count),
  stepUp: optional(
    objectOf<CollectionPolicy['stepUp']>({ deadlineDays: count, reminderDays: counts, failures: count }),
  ),
  card: optional(objectOf<CollectionPolicy['card']>({ waitDays: count })),
  declineNotices: optional(oneOf('none', 'first', 'each')),
  end: optional(oneOf('fail', 'pause', 'cancel')),
  failedCharges: optional(oneOf('wait', 'collect_on_new_card')),
  zone: optional(
    objectOf<Zone>({
      timeZone: matching('^[A-Za-z][A-Za-z0-9_+/-]{0,63}$', 'the name of a time zone'),
      offsets: listOf(
        listOf(integer(-1_440, 253_402_300_799_999, 'a time, then minutes east of UTC'), 2, 2),
        1,
        100,
      ),
    }),
  ),
});

const chargeAction = objectOf<ChargeAction>({ ...attribution, chargeId: ID });
const action = objectOf<Attribution>(attribution);

const stripeEvent = objectOf<StripeEventRef>({
  eventId: matching(EVENT_ID_PATTERN, 'the id of an event of Stripe’s'),
  type: matching(EVENT_TYPE_PATTERN, 'a type of event of Stripe’s'),
  objectId: matching(STRIPE_OBJECT_ID_PATTERN, 'the id of an object of Stripe’s'),
});

/** By the name of the signal or update; `start` is what the workflow is started with. */
export const MESSAGE_SCHEMAS = {
  start: objectOf<StartInput>({ customerId: ID, event: optional(stripeEvent) }),
  stripeEventReceived: stripeEvent,
  stepUpCompleted: objectOf<StepUpCompleted>({ chargeId: ID }),
  enrol: objectOf<EnrolRequest>({
    ...attribution,
    requestId: ID,
    stripeCustomerId: optional(matching(stripeIdPattern('cus'), 'the id of a customer of Stripe’s')),
    currency: optional(CURRENCY),
    paymentMethodId: optional(matching(stripeIdPattern('pm'), 'the id of a PaymentMethod')),
    consent: optional(consent),
    terms: optional(terms),
  }),
  giveConsent: objectOf<ConsentRequest>({
    ...attribution,
    enrolmentNumber: integer(1, 1_000_000, 'the number of an enrolment'),
    consent,
  }),
  openCharge: objectOf<ChargeRequest>({
    ...attribution,
    chargeId: ID,
    amount: AMOUNT,
    currency: CURRENCY,
    dueAtMs: optional(TIME),
    policy: optional(policy),
    correction: optional(integer(1, 1_000_000, 'the number of a correction')),
    inLedger: optional(oneOf('claimed', 'accepted')),
  }),
  cancelCharge: chargeAction,
  retryCharge: chargeAction,
  waiveCharge: chargeAction,
  pause: action,
  resume: action,
  cancelCustomer: action,
} as const satisfies { readonly [name: string]: ObjectSchema };

export type MessageName = keyof typeof MESSAGE_SCHEMAS;

/** @returns what is wrong with a message of this name, as sentences without its values; null where nothing is */
export function faultOf(name: MessageName, message: unknown): string | null {
  return faultAt(MESSAGE_SCHEMAS[name], message, 'It');
}

function faultAt(schema: Schema, value: unknown, what: string): string | null {
  if (!isOfType(schema, value)) return `${what} must be ${schema.description}.`;
  if (schema.type === 'array') {
    const faults = (value as readonly unknown[]).map((item) =>
      faultAt(schema.items, item, `What is in ${what}`),
    );
    return faults.find((fault) => fault !== null) ?? null;
  }
  if (schema.type !== 'object') return null;
  const { properties, required } = schema;
  const fields = new Map<string, unknown>(Object.entries(value as object));
  for (const [field, its] of Object.entries(properties)) {
    if (!fields.has(field) && !required.includes(field)) continue;
    const fault = faultAt(its, fields.get(field), `"${field}"`);
    if (fault !== null) return fault;
  }
  const hasOthers = [...fields.keys()].some((field) => !Object.hasOwn(properties, field));
  return hasOthers ? `${what} may have no fields but ${Object.keys(properties).join(', ')}.` : null;
}

function isOfType(schema: Schema, value: unknown): boolean {
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return false;
      return 'enum' in schema ? schema.enum.includes(value) : new RegExp(schema.pattern, 'u').test(value);
    case 'integer':
      return Number.isInteger(value) && Number(value) >= schema.minimum && Number(value) <= schema.maximum;
    case 'array':
      return Array.isArray(value) && value.length >= schema.minItems && value.length <= schema.maxItems;
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
  }
}
