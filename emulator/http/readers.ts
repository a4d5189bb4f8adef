// The kinds of values that parameters have.
import { invalidRequest } from './errors.ts';
import { type Reader, readParams } from './params.ts';

/** Stripe's limit for text where its OpenAPI document names no other. */
const MAX_TEXT = 5_000;

/** Text of at most `limit` characters. */
export function textUpTo(limit: number): Reader<string> {
  return (value, param) => {
    if (typeof value !== 'string') {
      throw invalidRequest(`Invalid string: ${JSON.stringify(value)}`, { param });
    }
    if (value === '') {
      throw invalidRequest(
        `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`,
        { code: 'parameter_invalid_empty', param },
      );
    }
    if (value.length > limit) {
      throw invalidRequest(`Invalid string: ${value.slice(0, 20)}...; must be at most ${limit} characters`, {
        param,
      });
    }
    return value;
  };
}

export const text = textUpTo(MAX_TEXT);

/** What `read` reads, or null where the caller unsets it with an empty string. */
export function orEmpty<T>(read: Reader<T>): Reader<T | null> {
  return (value, param) => (value === '' ? null : read(value, param));
}

export const clearable = orEmpty(text);

/** An address at a host with a dot: Stripe refuses `a@localhost`, and spaces around the address. */
export const email: Reader<string> = (value, param) => {
  const address = textUpTo(512)(value, param);
  if (/^[^\s@\p{Cc}]+@[^\s@.\p{Cc}]+(\.[^\s@.\p{Cc}]+)+$/u.test(address)) return address;
  throw invalidRequest(`Invalid email address: ${address}`, { code: 'email_invalid', param });
};

export const integer: Reader<number> = (value, param) => {
  if (typeof value !== 'string' || !/^-?\d{1,15}$/.test(value)) {
    throw invalidRequest(`Invalid integer: ${String(value)}`, { code: 'parameter_invalid_integer', param });
  }
  return Number(value);
};

export const flag: Reader<boolean> = (value, param) => {
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw invalidRequest(`Invalid boolean: ${String(value)}`, { param });
};

export function oneOf<T extends string>(...choices: T[]): Reader<T> {
  return (value, param) => {
    const choice = text(value, param) as T;
    if (choices.includes(choice)) return choice;
    throw invalidRequest(`Invalid ${param}: must be one of ${choices.join(', ')}`, { param });
  };
}

export const texts: Reader<string[]> = (value, param) => {
  if (typeof value !== 'object' || value === null) throw invalidRequest('Invalid array', { param });
  return Object.values(value).map((item, index) => text(item, `${param}[${index}]`));
};

/** A group the emulator only gives back, such as an address. */
export const verbatim: Reader<Record<string, string>> = (value, param) => {
  if (typeof value !== 'object' || value === null) throw invalidRequest('Invalid object', { param });
  return value as Record<string, string>;
};

/** A point in time or a range, epoch seconds. */
export const created: Reader<(at: number) => boolean> = (value, param) => {
  if (typeof value === 'string') {
    const exact = integer(value, param);
    return (at) => at === exact;
  }
  const range = readParams(value, { gt: integer, gte: integer, lt: integer, lte: integer }, [], param);
  return (at) =>
    at > (range.gt ?? -Infinity) &&
    at >= (range.gte ?? -Infinity) &&
    at < (range.lt ?? Infinity) &&
    at <= (range.lte ?? Infinity);
};
