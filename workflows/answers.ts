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
const isReadingOfMoney: Check = ({ status, amount, amountReceived, amountRefunded }) =>
  typeof status === 'string' && [amount, amountReceived, amountRefunded].every(Number.isSafeInteger);
const isPaymentIntentRead = all(
  isSame('chargeId'),
  ofReading(all(isSame('paymentIntentId'), isReadingOfMoney)),
);

const isRecord: Check = ({ through, alreadyClosed }) =>
  Number.isSafeInteger(through) && Array.isArray(alreadyClosed);

/** What Stripe, the kill switch and the index may answer while an attempt is made. */
const OF_AN_ATTEMPT: { readonly [Kind in CustomerEvent['kind']]?: Check } = {
  paymentIntentCreated: all(isSame('chargeId'), isId('paymentIntentId', 'pi')),
  claimRefused: all(
    isSame('chargeId'),
    ({ paymentIntentId }) => paymentIntentId === null || isStripeId(paymentIntentId, 'pi'),
  ),
  paymentIntentRead: all(
    isSame('chargeId'),
    ofReading(
      all(
        ({ paymentIntentId }, { paymentIntentId: asked }) => asked === null || paymentIntentId === asked,
        isReadingOfMoney,
      ),
    ),
  ),
  alreadyClosed: isSame('chargeId'),
  halted: isSame('chargeId'),
  rateLimited: isSame('chargeId'),
  refused: ({ step, code }, asked) =>
    typeof code === 'string' &&
    typeof step === 'object' &&
    step !== null &&
    isSame('chargeId')(step as Fields, asked),
};

const isListOfAnswers: Check = ({ events }, step) =>
  Array.isArray(events) &&
  events.length > 0 &&
  events.every(
    (timed) =>
      typeof timed === 'object' &&
      timed !== null &&
      Number.isSafeInteger(timed.atMs) &&
      isOneOf(OF_AN_ATTEMPT, timed.event, step),
  );

const isRecorded: Check = ({ recorded }, step) =>
  recorded === null ||
  (typeof recorded === 'object' &&
    typeof (recorded as Fields).digest === 'string' &&
    isRecord(recorded as Fields, step));

const EXPECTED: {
  readonly [Do in Asked['do']]: { readonly [Kind in CustomerEvent['kind']]?: Check };
} = {
  load: {
    loaded: ({ snapshot, charges }) => typeof snapshot === 'object' && Array.isArray(charges),
  },
  record: {
    recorded: isRecord,
    overtaken: ({ chargeId, after, through }) =>
      typeof chargeId === 'string' && Number.isSafeInteger(after) && Number.isSafeInteger(through),
  },
  createStripeCustomer: { stripeCustomerCreated: isId('stripeCustomerId', 'cus') },
  createSetupIntent: {
    setupIntentCreated: all(isSame('enrolmentNumber'), isId('setupIntentId', 'seti')),
  },
  confirmSetupIntent: { setupIntentRead: isSetupIntentRead },
  readSetupIntent: { setupIntentRead: isSetupIntentRead },
  cancelSetupIntent: { setupIntentRead: isSetupIntentRead },
  findPaymentIntent: {
    paymentIntentSearched: all(
      isSame('chargeId'),
      ({ paymentIntentId }) => paymentIntentId === null || isStripeId(paymentIntentId, 'pi'),
    ),
  },
  attemptCharge: { chargeAttempted: all(isSame('chargeId'), isListOfAnswers, isRecorded) },
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
  return isOneOf(EXPECTED[step.do], answer, { ...step });
}

function isOneOf(expected: { readonly [kind: string]: Check }, answer: unknown, step: Fields): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const fields = answer as Fields;
  return new Map<unknown, Check>(Object.entries(expected)).get(fields.kind)?.(fields, step) ?? false;
}
