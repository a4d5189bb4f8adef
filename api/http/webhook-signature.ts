// Who sent a webhook: its signature, its age, and the few fields of it that are read.
import Stripe from 'stripe';
import { isEventId, isEventType } from '../../domain/shared/ids.ts';
import { fitsLivemode } from '../../stripe/checked-answers.ts';
import { Problem, type ProblemCode } from './problems.ts';

/** What is taken from an event; the rest of it is not read. */
export interface StripeEvent {
  readonly eventId: string;
  readonly type: string;
  /** As it was sent: nothing in it has been checked. */
  readonly object: StripeObject;
}

export interface WebhookEndpoint {
  /** Any of them may have signed an event: Stripe signs with one of two while one is rolled. */
  readonly secrets: readonly string[];
  /** Whether real money moves here; an event of the other mode is refused. */
  readonly isLive: boolean;
}

type StripeObject = { readonly [key: string]: unknown };

const NOT_AN_EVENT = 'The signed body is not an event in Stripe’s snapshot form.';

/** Seconds a signature may be old, or ahead of our clock (docs.stripe.com/webhooks/signature). */
const TOLERANCE = 300;

/** The SDK's own check of age is off: it lets timestamps of the future pass, so both sides are checked here. */
const NO_TOLERANCE = 0;

/**
 * @throws Problem 400 with a code that says what is wrong
 */
export function verifyEvent(
  body: Buffer | undefined,
  signature: string | undefined,
  { secrets, isLive }: WebhookEndpoint,
): StripeEvent {
  if (signature === undefined || signature === '')
    throw refused('webhook_signature_missing', 'There is no stripe-signature header.');
  const payload = body ?? Buffer.alloc(0);
  const event = secrets
    .map((secret) => eventSignedWith(secret, payload, signature))
    .find((found) => found !== null);
  if (event === undefined)
    throw refused('webhook_signature_invalid', 'No configured secret has signed this body.');
  const age = Date.now() / 1000 - timestampOf(signature);
  if (!(age <= TOLERANCE))
    throw refused('webhook_timestamp_stale', `The signature is older than ${TOLERANCE} seconds.`);
  if (age < -TOLERANCE)
    throw refused('webhook_timestamp_future', `The signature is more than ${TOLERANCE} seconds ahead.`);
  if (!fitsLivemode(event as object, isLive))
    throw refused(
      'webhook_livemode_mismatch',
      `This installation takes ${isLive ? 'live' : 'test'} events only.`,
    );
  return readEvent(event);
}

/** @returns the event as it was sent, or null when this secret has not signed it */
function eventSignedWith(secret: string, payload: Buffer, signature: string): unknown {
  try {
    return Stripe.webhooks.constructEvent(payload, signature, secret, NO_TOLERANCE);
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return null;
    throw refused('webhook_payload_invalid', NOT_AN_EVENT);
  }
}

function readEvent(event: unknown): StripeEvent {
  const { id, type, data } = (event ?? {}) as { id?: unknown; type?: unknown; data?: { object?: unknown } };
  const object = data?.object;
  if (!isEventId(id) || !isEventType(type) || typeof object !== 'object' || object === null)
    throw refused('webhook_payload_invalid', NOT_AN_EVENT);
  return { eventId: id, type, object: object as StripeObject };
}

/** The `t=` of the header, as the SDK reads it: the last one counts. */
function timestampOf(signature: string): number {
  const stamp = signature.split(',').findLast((part) => part.startsWith('t='));
  return Number.parseInt(stamp?.slice('t='.length) ?? '', 10);
}

function refused(code: ProblemCode, message: string): Problem {
  return new Problem(400, code, message);
}
