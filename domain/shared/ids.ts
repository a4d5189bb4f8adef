// What an id of the caller's may look like. It makes no ids: every id here comes from the caller or from Stripe.

/** Letters, digits, `_` and `-`, 1 to 64 of them: safe in URLs, workflow ids, Stripe metadata and logs. */
export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$';

const ID = new RegExp(ID_PATTERN);

/** Whether `value` may be used as a customer's or a charge's id. */
export function isId(value: string): boolean {
  return ID.test(value);
}
