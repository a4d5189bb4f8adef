// Which answers of an activity fit the step that it was asked for.
import type { CustomerEvent } from '../domain/model/events.ts';
import type { Step } from '../domain/model/steps.ts';
import { isStripeId } from '../domain/shared/ids.ts';

/** Steps that an activity answers. */
type Asked = Exclude<Step, { do: 'decide' | 'wait' | 'end' }>;

type Fields = { readonly [field: string]: unknown };
type Check = (answer: Fields, step: Fields) => boolean;

const isSame =
  (field: string): Check =>
  (answer, step) =>
    answer[field] === step[field];
const isId =
  (field: string, prefix: Parameters<typeof isStripeId>[1]): Check =>
  (answer) =>
    isStripeId(answer[field], prefix);
const all =
  (...checks: readonly Check[]): Check =>
  (answer, step) =>
    checks.every((check) => check(answer, step));
const ofReading =
  (check: Check): Check =>
  ({ reading }, step) =>
    typeof reading === 'object' && reading !== null && check(reading as Fields, step);

const isSetupIntentRead = ofReading(all(isSame('setupIntentId'), ({ status }) => typeof status === 'string'));
const isPaymentIntentRead = all(
  isSame('chargeId'),
  ofReading(
    all(
      isSame('paymentIntentId'),
      ({ status }) => typeof status === 'string',
      ({ amount, amountReceived, amountRefunded }) =>
        [amount, amountReceived, amountRefunded].every(Number.isSafeInteger),
    ),
  ),
);

const EXPECTED: {
  readonly [Do in Asked['do']]: { readonly [Kind in CustomerEvent['kind']]?: Check };
} = {
  load: {
    loaded: ({ snapshot, charges }) => typeof snapshot === 'object' && Array.isArray(charges),
  },
  record: {
    recorded: ({ through, alreadyClosed }) => Number.isSafeInteger(through) && Array.isArray(alreadyClosed),
  },
  createStripeCustomer: { stripeCustomerCreated: isId('stripeCustomerId', 'cus') },
  createSetupIntent: {
    setupIntentCreated: all(isSame('enrolmentNumber'), isId('setupIntentId', 'seti')),
  },
  confirmSetupIntent: { setupIntentRead: isSetupIntentRead },
  readSetupIntent: { setupIntentRead: isSetupIntentRead },
  cancelSetupIntent: { setupIntentRead: isSetupIntentRead },
  createPaymentIntent: { paymentIntentCreated: all(isSame('chargeId'), isId('paymentIntentId', 'pi')) },
  findPaymentIntent: {
    paymentIntentSearched: all(
      isSame('chargeId'),
      ({ paymentIntentId }) => paymentIntentId === null || isStripeId(paymentIntentId, 'pi'),
    ),
  },
  confirmPaymentIntent: {
    paymentIntentRead: isPaymentIntentRead,
    halted: isSame('chargeId'),
    rateLimited: isSame('chargeId'),
  },
  readPaymentIntent: { paymentIntentRead: isPaymentIntentRead },
  cancelPaymentIntent: { paymentIntentRead: isPaymentIntentRead },
  readRefund: { refundRead: ofReading(isSame('refundId')) },
  readDispute: { disputeRead: ofReading(isSame('disputeId')) },
};

/**
 * Anybody who reaches Temporal can complete an activity by its id, with anything. What is no answer to the step counts
 * as none: not a request that nothing has refused, nor what nobody could go on from. A well-formed lie is not told from
 * Stripe's word; where payloads are encrypted it cannot be written.
 */
export function isAnswerTo(step: Asked, answer: unknown): answer is CustomerEvent {
  if (typeof answer !== 'object' || answer === null) return false;
  const fields = answer as Fields;
  const expected = new Map<unknown, Check>(Object.entries(EXPECTED[step.do]));
  return expected.get(fields.kind)?.(fields, { ...step }) ?? false;
}
