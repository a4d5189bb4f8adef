// The shapes of customers: who is enrolled, listed and shown.
import Type, { type Static } from 'typebox';
import { ATTENTION } from '../../../domain/attention.ts';
import { EMAIL, LOCALE } from '../../../domain/shared/stripe-text-rules.ts';
import type { CustomerStatus as DomainCustomerStatus } from '../../../domain/view.ts';
import { Amount, Currency, CustomerId, Metadata, orNull, Strict, StripeId, Time } from '../fields.ts';
import { EnrolmentAnswer, enrolmentFields } from './enrolments.ts';
import { Cursor } from './lists.ts';
import { valuesOf } from './union-values.ts';

const CUSTOMER_STATUSES = valuesOf<DomainCustomerStatus>({
  cancelled: true,
  paused: true,
  awaiting_mandate: true,
  awaiting_step_up: true,
  past_due: true,
  active: true,
});

const CustomerStatus = Type.Enum(CUSTOMER_STATUSES, { description: 'Where the customer is.' });

export const CustomerParams = Strict({ customerId: CustomerId });

export const CustomersQuery = Strict({
  status: Type.Optional(CustomerStatus),
  cursor: Type.Optional(Cursor),
});

export const NewCustomer = Strict(
  {
    customerId: CustomerId,
    email: Type.Optional(
      Type.String({
        ...EMAIL,
        description: 'Of the customer that is made at Stripe; nothing is mailed from here.',
        examples: ['ada@example.com'],
      }),
    ),
    stripeCustomerId: Type.Optional(
      StripeId('cus', 'A customer you have at Stripe, used instead of a new one.', 'cus_NffrFeUfNV2Hib'),
    ),
    currency: Type.Optional(Currency),
    ...enrolmentFields,
    locale: Type.Optional(
      Type.String({
        ...LOCALE,
        description: 'BCP 47, of the customer that is made at Stripe; our pages speak English.',
        examples: ['de-AT'],
      }),
    ),
    metadata: Type.Optional(Metadata),
  },
  { title: 'NewCustomer' },
);
export type NewCustomer = Static<typeof NewCustomer>;

const customerFields = {
  customerId: CustomerId,
  stripeCustomerId: orNull<string>(StripeId('cus', 'Null until Stripe has made it.', 'cus_NffrFeUfNV2Hib')),
  status: CustomerStatus,
  needsAttention: Type.Array(Type.Enum(ATTENTION), {
    description: 'What a person has to look at; empty when nothing.',
  }),
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
  amountsDue: Type.Array(Type.Object({ currency: Currency, amount: Amount }), {
    description:
      'What is due and not yet collected, by currency; charges that have failed and were not waived are in it.',
  }),
  nextActionAt: Type.Optional(Time('When something is next to happen by itself.')),
  metadata: Metadata,
};

export const CustomerAnswer = Type.Object(
  {
    ...customerFields,
    enrolment: Type.Optional(EnrolmentAnswer),
  },
  { title: 'Customer' },
);
export type CustomerAnswer = Static<typeof CustomerAnswer>;

/** The only answer under /v1 with a secret in it. */
export const EnrolAnswer = Type.Object(
  {
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
  },
  { title: 'EnrolledCustomer' },
);
export type EnrolAnswer = Static<typeof EnrolAnswer>;
