// Stripe's rules for the texts that we pass on: what passes here, Stripe takes.

/**
 * As a regular expression with the flag `u`, and at most this many UTF-16 code units, as JavaScript counts: Stripe says
 * "characters" and not which, and no reading but bytes is stricter.
 */
interface TextRule {
  readonly pattern: string;
  readonly maxLength: number;
}

/**
 * A statement shows "PREFIX* SUFFIX", 22 characters in all, of which the account's prefix takes 2 at least: a longer
 * suffix never fits. At least one letter, none of < > \ ' " *, and ASCII only, for other characters are dropped
 * (docs.stripe.com/get-started/account/statement-descriptors).
 */
export const STATEMENT_DESCRIPTOR_SUFFIX: TextRule = {
  pattern: '^(?=.*[A-Za-z])[ !#-&()+-;=?-\\[\\]-~]+$',
  maxLength: 18,
};

/** Shown in the Dashboard (Stripe's OpenAPI document). */
export const DESCRIPTION: TextRule = {
  // PostgreSQL keeps no NUL, and no half of a surrogate pair. Stripe trims: what is blank would be an empty parameter.
  pattern: '^(?=[\\s\\S]*\\S)[^\\u0000\\uD800-\\uDFFF]*$',
  maxLength: 1000,
};

/** docs.stripe.com/api/metadata; square brackets would make nested parameters of a key. */
export const METADATA_KEY: TextRule = { pattern: '^[^\\[\\]\\u0000\\uD800-\\uDFFF]+$', maxLength: 40 };
export const METADATA_VALUE: TextRule = { pattern: '^[^\\u0000\\uD800-\\uDFFF]*$', maxLength: 500 };
export const METADATA_KEYS = 50;

/** Internationalised addresses (RFC 6531) are addresses too; the host needs a dot. At most what SMTP carries. */
export const EMAIL: TextRule = {
  pattern:
    '^[^\\s@\\p{Cc}\\uD800-\\uDFFF]+@[^\\s@.\\p{Cc}\\uD800-\\uDFFF]+(\\.[^\\s@.\\p{Cc}\\uD800-\\uDFFF]+)+$',
  maxLength: 254,
};

/** BCP 47, as `preferred_locales` takes it. */
export const LOCALE: TextRule = { pattern: '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$', maxLength: 35 };
