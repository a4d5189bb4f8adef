// The shapes of requests and answers under /v1: validation, serialisation, types and the OpenAPI document at once.
import Type, { type Static } from 'typebox';
import type { FactKind } from '../../domain/model/facts.ts';
import type {
  ChargeStatus as DomainChargeStatus,
  CustomerStatus as DomainCustomerStatus,
} from '../../domain/view.ts';
import {
  Amount,
  ChargeId,
  Currency,
  CustomerId,
  Metadata,
  orNull,
  Strict,
  StripeId,
  Text,
  Time,
} from './fields.ts';

/** Every value of a union of words; a word missing here does not compile. */
const wordsOf = <Word extends string>(words: { readonly [Each in Word]: true }) =>
  Object.keys(words) as Word[];

const CUSTOMER_STATUSES = wordsOf<DomainCustomerStatus>({
  cancelled: true,
  paused: true,
  awaiting_mandate: true,
  awaiting_step_up: true,
  past_due: true,
  active: true,
});

const CHARGE_STATUSES = wordsOf<DomainChargeStatus>({
  scheduled: true,
  held: true,
  attempting: true,
  processing: true,
  awaiting_step_up: true,
  retrying: true,
  awaiting_card: true,
  unknown: true,
  refused: true,
  succeeded: true,
  failed: true,
  cancelled: true,
});

const CustomerStatus = Type.Enum(CUSTOMER_STATUSES, { description: 'Where the customer is.' });
export const ChargeStatus = Type.Enum(CHARGE_STATUSES, { description: 'Where the charge is.' });

// — requests —

export const CustomerParams = Strict({ customerId: CustomerId });
export const ChargeParams = Strict({ customerId: CustomerId, chargeId: ChargeId });

const Cursor = Type.String({
  maxLength: 512,
  // No example: readers of the document send examples along, and this one would skip everything.
  description: '`nextCursor` of the page before; absent for the first.',
});
export const PageQuery = Strict({ cursor: Type.Optional(Cursor) });
export const CustomersQuery = Strict({
  status: Type.Optional(CustomerStatus),
  cursor: Type.Optional(Cursor),
});
export const ChargesQuery = Strict({ status: Type.Optional(ChargeStatus), cursor: Type.Optional(Cursor) });

/** Longest `?wait`, in seconds. */
const LONGEST_WAIT = 30;
export const WaitQuery = Strict({
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: LONGEST_WAIT,
      description: 'Wait up to this many seconds until the charge is settled or waits for someone.',
      examples: [10],
    }),
  ),
});

const ConsentBody = Strict(
  {
    termsVersion: Text('Which terms the customer agreed to.', 200, '2026-01'),
    acceptedAt: Time('When the customer agreed.'),
    ip: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }],
        description: 'From where.',
        examples: ['203.0.113.7'],
      }),
    ),
    userAgent: Type.Optional(Text('With what.', 1000, 'Mozilla/5.0')),
  },
  { description: 'What the customer agreed to in your own flow. Without it our page asks.' },
);

const EveryBody = Strict({
  unit: Type.Enum(['day', 'week', 'month', 'year']),
  count: Type.Integer({ minimum: 1, maximum: 366 }),
});

const TermsBody = Strict(
  { maxAmount: Amount, currency: Currency, every: Type.Optional(EveryBody) },
  {
    description:
      'Limits agreed with the customer. A charge above `maxAmount` or in another currency is refused; `every` is told ' +
      'to the issuer and not counted here.',
  },
);

const enrolmentFields = {
  paymentMethod: Type.Optional(
    StripeId('A card you already have, confirmed at once. Needs `consent`.', 'pm_1Q0PsIJvEtkwdCNYMSaVuRz6'),
  ),
  consent: Type.Optional(ConsentBody),
  terms: Type.Optional(TermsBody),
  returnUrl: Type.Optional(
    Type.String({
      format: 'uri',
      maxLength: 2048,
      description: 'Where our page sends the customer afterwards; its origin must be configured.',
      examples: ['https://shop.example/account'],
    }),
  ),
};

export const NewCustomer = Strict({
  customerId: CustomerId,
  email: Type.Optional(
    Type.String({
      format: 'email',
      maxLength: 254,
      description: 'Of the customer that is made at Stripe; nothing is mailed from here.',
      examples: ['ada@example.com'],
    }),
  ),
  stripeCustomerId: Type.Optional(
    StripeId('A customer you have at Stripe, used instead of a new one.', 'cus_NffrFeUfNV2Hib'),
  ),
  currency: Type.Optional(Currency),
  ...enrolmentFields,
  locale: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$',
      description: 'BCP 47, of the customer that is made at Stripe; our pages speak English.',
      examples: ['de-AT'],
    }),
  ),
  metadata: Type.Optional(Metadata),
});
export type NewCustomer = Static<typeof NewCustomer>;

export const NewEnrolment = Strict(enrolmentFields);
export type NewEnrolment = Static<typeof NewEnrolment>;

export const NewCharge = Strict({
  chargeId: ChargeId,
  amount: Amount,
  currency: Currency,
  description: Type.Optional(Text('Shown in your Stripe dashboard.', 1000, 'January usage')),
  statementDescriptorSuffix: Type.Optional(
    Type.String({
      // docs.stripe.com/get-started/account/statement-descriptors
      pattern: '^[^<>\\\\\'"*\\u0000-\\u001F\\u007F\\uD800-\\uDFFF]{1,22}$',
      description: 'On the card statement, after your prefix. At most 22 characters, none of < > \\ \' " *.',
      examples: ['USAGE JAN'],
    }),
  ),
  metadata: Type.Optional(Metadata),
  dueAt: Type.Optional(Time('When to charge; at once when absent.')),
});
export type NewCharge = Static<typeof NewCharge>;

export const Action = Strict({
  reason: Type.Optional(Text('Kept in the evidence.', 500, 'The customer asked by phone.')),
});

/** A body that says nothing yet; unknown fields are refused here too. */
export const NoFields = Strict({});

// — answers —

const Decline = Type.Object(
  {
    code: Type.String({ examples: ['card_declined'] }),
    declineCode: Type.Optional(Type.String({ examples: ['insufficient_funds'] })),
    adviceCode: Type.Optional(Type.String({ examples: ['try_again_later'] })),
  },
  { description: 'Why Stripe or the issuer said no, in Stripe’s codes.' },
);

export const EnrolmentAnswer = Type.Object({
  setupIntentId: Type.Optional(StripeId('Absent until Stripe has made it.', 'seti_1Q0PsIJvEtkwdCNY')),
  status: Type.Enum(['pending', 'awaiting_customer', 'processing', 'succeeded', 'failed', 'expired']),
  url: Type.String({
    description: 'Our page, for the customer alone.',
    examples: ['https://pay.example/enrol/eyJhbGciOiJIUzI1NiJ9.e30.x'],
  }),
  decline: Type.Optional(Decline),
});

const customerFields = {
  customerId: CustomerId,
  stripeCustomerId: orNull<string>(StripeId('Null until Stripe has made it.', 'cus_NffrFeUfNV2Hib')),
  status: CustomerStatus,
  card: Type.Optional(
    Type.Object({
      brand: Type.String({ examples: ['visa'] }),
      last4: Type.String({ examples: ['4242'] }),
      expMonth: Type.Integer({ examples: [12] }),
      expYear: Type.Integer({ examples: [2030] }),
      country: orNull<string>(Type.String({ description: 'Of the issuer, ISO 3166.', examples: ['FR'] })),
    }),
  ),
  mandate: Type.Optional(
    Type.Object({
      status: Type.Enum(['pending', 'active', 'inactive']),
      stripeMandateId: orNull<string>(Type.String({ description: 'Stripe makes one for some cards only.' })),
      setupIntentId: Type.String(),
      acceptedAt: Time('When the customer agreed.'),
    }),
  ),
  amountDue: Amount,
  currency: orNull<string>(Type.String({ description: 'Of `amountDue`.', examples: ['eur'] })),
  nextActionAt: Type.Optional(Time('When something is next to happen by itself.')),
  metadata: Metadata,
};

export const CustomerAnswer = Type.Object({
  ...customerFields,
  enrolment: Type.Optional(EnrolmentAnswer),
});
export type CustomerAnswer = Static<typeof CustomerAnswer>;

/** The only answer under /v1 with a secret in it. */
export const EnrolAnswer = Type.Object({
  ...customerFields,
  enrolment: Type.Optional(
    Type.Object({
      ...EnrolmentAnswer.properties,
      clientSecret: Type.Optional(
        Type.String({
          description:
            'For your own front end, when the request brought consent and the customer is still needed. Never kept.',
        }),
      ),
    }),
  ),
});
export type EnrolAnswer = Static<typeof EnrolAnswer>;

export const ChargeAnswer = Type.Object({
  customerId: CustomerId,
  chargeId: ChargeId,
  status: ChargeStatus,
  amount: Amount,
  currency: Currency,
  description: Type.Optional(Type.String()),
  statementDescriptorSuffix: Type.Optional(Type.String()),
  metadata: Type.Optional(Metadata),
  attempts: Type.Array(
    Type.Object({
      number: Type.Integer(),
      at: Time('When.'),
      outcome: Type.Enum(['succeeded', 'processing', 'step_up', 'declined', 'refused', 'unknown']),
      declineCode: Type.Optional(Type.String()),
      adviceCode: Type.Optional(Type.String()),
    }),
  ),
  paymentIntentId: Type.Optional(StripeId('The one live PaymentIntent.', 'pi_3Q0PsIJvEtkwdCNY')),
  decline: Type.Optional(Decline),
  reason: Type.Optional(Type.String({ description: 'Why it ended.', examples: ['step_up_expired'] })),
  stepUp: Type.Optional(
    Type.Object({
      url: Type.String({ description: 'Our page, for the customer alone.' }),
      deadline: Time('After this the charge fails.'),
    }),
  ),
  dueAt: Time('When it is or was due.'),
  nextAttemptAt: Type.Optional(Time('When it is next attempted by itself.')),
});
export type ChargeAnswer = Static<typeof ChargeAnswer>;

const EVIDENCE_KINDS = wordsOf<FactKind>({
  enrolment_opened: true,
  consent: true,
  setup_intent_created: true,
  setup_failed: true,
  enrolment_closed: true,
  mandate: true,
  mandate_status: true,
  charge_opened: true,
  payment_intent_created: true,
  attempt: true,
  step_up_started: true,
  step_up_reminded: true,
  step_up_failed: true,
  step_up_ended: true,
  charge_closed: true,
  charge_awaiting_card: true,
  charge_refused: true,
  charge_retry: true,
  charge_cancel: true,
  refund: true,
  dispute: true,
  notice: true,
  paused: true,
  resumed: true,
  cancelled: true,
  recovered: true,
});

export const EvidenceAnswer = Type.Object({
  at: Time('When, by the billing clock.'),
  kind: Type.Enum(EVIDENCE_KINDS),
  chargeId: Type.Optional(ChargeId),
  actor: Type.Optional(
    Type.String({ description: 'The API key’s name, or `customer`.', examples: ['backend'] }),
  ),
  reason: Type.Optional(Type.String()),
  data: Type.Unsafe<{ [key: string]: unknown }>({ type: 'object', additionalProperties: true }),
  personal: Type.Optional(
    Type.Unsafe<{ [key: string]: unknown }>({
      type: 'object',
      additionalProperties: true,
      description: 'Of a consent: IP and user agent, until erased.',
    }),
  ),
  delivery: Type.Optional(
    Type.Object(
      {
        at: Time('When that was known, by the billing clock.'),
        outcome: Type.Enum(['sent', 'no_endpoint', 'given_up']),
        status: Type.Optional(
          Type.Integer({ description: 'What the endpoint answered to one that was sent.', examples: [200] }),
        ),
        reason: Type.Optional(
          Type.String({ description: 'Why it was given up.', examples: ['the endpoint answered 503'] }),
        ),
      },
      { description: 'Of a notice: how it ended; absent until then. Sent more than once: the newest end.' },
    ),
  ),
});
export type EvidenceAnswer = Static<typeof EvidenceAnswer>;

export const pageOf = <Item extends Type.TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Optional(Type.String({ description: 'Absent on the last page.' })),
  });

const ProblemAnswer = Type.Object(
  {
    type: Type.String({ examples: ['about:blank'] }),
    title: Type.String({ examples: ['Unprocessable Entity'] }),
    status: Type.Integer({ examples: [422] }),
    detail: Type.String({ examples: ['The smallest charge in eur is 0.50 EUR.'] }),
    code: Type.String({ description: 'Stable; for programs.', examples: ['amount_too_small'] }),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String({ examples: ['/body/amount'] }), message: Type.String() }), {
        description: 'Every field that is wrong.',
      }),
    ),
  },
  { description: 'A problem (RFC 9457).' },
);

const DESCRIPTIONS: { readonly [status: number]: string } = {
  400: 'The request is not well-formed.',
  401: 'There is no valid API key.',
  403: 'The API key lacks the scope.',
  404: 'There is no such thing.',
  409: 'The id is in use with other terms, or the state does not allow it.',
  410: 'The link’s matter is over.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'Well-formed, but refused.',
  431: 'The address and headers are too large.',
  429: 'Too many requests.',
  503: 'Something we need is away; nothing is lost by asking again (`Retry-After`).',
};

const RETRY_AFTER_HEADER = {
  'Retry-After': { type: 'integer', minimum: 0, description: 'Seconds until it is worth asking again.' },
};

/** Response schemas for problems with these statuses. */
export function problems<Status extends number>(...statuses: Status[]) {
  const problem = (status: Status) => ({
    description: DESCRIPTIONS[status] ?? 'A problem.',
    ...(status === 429 || status === 503 ? { headers: RETRY_AFTER_HEADER } : {}),
    content: { 'application/problem+json': { schema: ProblemAnswer } },
  });
  return Object.fromEntries(statuses.map((status) => [status, problem(status)])) as {
    readonly [Each in Status]: ReturnType<typeof problem>;
  };
}
