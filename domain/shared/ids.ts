// What ids and short texts from outside may look like.

/** Letters, digits, `_` and `-`, 1 to 64 of them: safe in URLs, workflow ids, Stripe metadata and logs. */
export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$';

/** Stripe promises at most 255 characters (docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backwards-compatible). */
const STRIPE_ID_LENGTH = 255;

export type StripeIdPrefix =
  | 'ch'
  | 'cus'
  | 'dp'
  | 'du'
  | 'evt'
  | 'mandate'
  | 'pi'
  | 'pm'
  | 'py'
  | 're'
  | 'pyr'
  | 'seti'
  | 'setatt';

/** A dispute's id begins with `du` or `dp`, a refund's with `re` or `pyr`. */
export function stripeIdPattern(...prefixes: readonly StripeIdPrefix[]): string {
  const longest = Math.max(...prefixes.map(({ length }) => length));
  return `^(${prefixes.join('|')})_[A-Za-z0-9_]{1,${STRIPE_ID_LENGTH - longest - 1}}$`;
}

/** Any object's id, where it is not known what it is of. */
export const STRIPE_OBJECT_ID_PATTERN = '^[a-z]{2,12}_[A-Za-z0-9_]{1,242}$';

export const EVENT_ID_PATTERN = stripeIdPattern('evt');

/** As Stripe names types of events: lower-case words between dots. */
export const EVENT_TYPE_PATTERN = '^[a-z0-9_]{1,40}(\\.[a-z0-9_]{1,40}){1,4}$';

/**
 * Control characters, line ends, marks that turn the direction of text, and halves of surrogate pairs: none belongs
 * into one line of words. Patterns with it need the flag `u`.
 */
const UNPRINTABLE =
  '\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff';

/** Who asked: a key's name, `link`, an operator. */
export const ACTOR_PATTERN = `^[^${UNPRINTABLE}]{1,64}$`;

/** Why they asked, in their own words. */
export const REASON_PATTERN = `^[^${UNPRINTABLE}]{1,500}$`;

/** Of the terms that a customer agreed to; not blank. */
export const TERMS_VERSION_PATTERN = `^(?=.*\\S)[^${UNPRINTABLE}]{1,64}$`;

const ID = new RegExp(ID_PATTERN);
const OBJECT_ID = new RegExp(STRIPE_OBJECT_ID_PATTERN);
const EVENT_ID = new RegExp(EVENT_ID_PATTERN);
const EVENT_TYPE = new RegExp(EVENT_TYPE_PATTERN);
const ACTOR = new RegExp(ACTOR_PATTERN, 'u');
const REASON = new RegExp(REASON_PATTERN, 'u');
const TERMS_VERSION = new RegExp(TERMS_VERSION_PATTERN, 'u');

/** Whether `value` may be used as a customer's, a charge's or a request's id. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

export function isStripeId(value: unknown, ...prefixes: readonly StripeIdPrefix[]): value is string {
  return typeof value === 'string' && new RegExp(stripeIdPattern(...prefixes)).test(value);
}

/** Whether it could be the id of some object of Stripe's. */
export function isStripeObjectId(value: unknown): value is string {
  return typeof value === 'string' && OBJECT_ID.test(value);
}

export function isEventId(value: unknown): value is string {
  return typeof value === 'string' && EVENT_ID.test(value);
}

export function isEventType(value: unknown): value is string {
  return typeof value === 'string' && EVENT_TYPE.test(value);
}

export function isActor(value: unknown): value is string {
  return typeof value === 'string' && ACTOR.test(value);
}

export function isReason(value: unknown): value is string {
  return typeof value === 'string' && REASON.test(value);
}

export function isTermsVersion(value: unknown): value is string {
  return typeof value === 'string' && TERMS_VERSION.test(value);
}
