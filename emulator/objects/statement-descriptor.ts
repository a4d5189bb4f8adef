// Stripe's rules for what a payment shows on the bank statement
// (docs.stripe.com/get-started/account/statement-descriptors).
import { invalidRequest } from '../http/errors.ts';
import type { Reader } from '../http/params.ts';
import { orEmpty, textUpTo } from '../http/readers.ts';

const MAX = 22;

/** The account's own part. */
export const PREFIX = 'EMULATOR';

/** The whole, cut to what a statement has room for. */
export function calculatedDescriptor(suffix: string | null): string {
  return suffix === null ? PREFIX : `${PREFIX}* ${suffix}`.slice(0, MAX);
}

const suffixText: Reader<string> = (value, param) => {
  const words = textUpTo(MAX)(value, param);
  if (/[<>\\'"*]/.test(words)) {
    throw invalidRequest(`The statement descriptor suffix may not contain any of < > \\ ' " *.`, { param });
  }
  if (!/^[\p{Script=Latin}\p{N}\p{P}\p{Zs}\p{S}]*$/u.test(words)) {
    throw invalidRequest('The statement descriptor suffix must contain Latin characters only.', { param });
  }
  if (!/\p{Script=Latin}/u.test(words)) {
    throw invalidRequest('The statement descriptor suffix must contain at least one letter.', { param });
  }
  return words;
};

/** A suffix, or an empty string to have none. */
export const statementDescriptorSuffix = orEmpty(suffixText);

/** Cards take a suffix only (support.stripe.com, "Use of the statement_descriptor parameter"). */
export const statementDescriptor: Reader<null> = (value, param) => {
  if (value === '') return null;
  throw invalidRequest(
    'The `statement_descriptor` parameter is not supported for card payments. Use `statement_descriptor_suffix` instead.',
    { param },
  );
};
