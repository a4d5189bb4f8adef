// Reading request parameters as Stripe does: everything is text from a form, and what is unknown is refused.
// It knows no object; each object names its own parameters.
import qs from 'qs';
import { invalidRequest } from './errors.ts';

/** Turns one raw value into what the object works with, or throws the 400 that Stripe would answer. */
export type Reader<T> = (value: unknown, name: string) => T;
export type Shape = Record<string, Reader<unknown>>;
export type Params<S extends Shape, R extends keyof S = never> = {
  [K in keyof S]?: ReturnType<S[K]>;
} & { [K in R]-?: ReturnType<S[K]> };

/** Form encoding with brackets, for bodies and query strings alike. */
export function parseForm(text: string): Record<string, unknown> {
  return qs.parse(text, { depth: 8, arrayLimit: 100, parameterLimit: 2000 });
}

/**
 * Reads `raw` by `shape`.
 * @param prefix where `raw` stands in the request, for the names in refusals
 * @throws StripeProblem 400 `parameter_unknown`, `parameter_missing`, or what a reader refuses
 */
export function readParams<S extends Shape, R extends keyof S & string = never>(
  raw: unknown,
  shape: S,
  required: readonly R[] = [],
  prefix = '',
): Params<S, R> {
  const given = asRecord(raw);
  const named = (name: string) => (prefix ? `${prefix}[${name}]` : name);
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const reader = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (!reader) throw refuseUnknown(named(name));
    read[name] = reader(value, named(name));
  }
  for (const name of required) {
    if (read[name] === undefined || read[name] === null) throw missingParam(named(name));
  }
  return read as Params<S, R>;
}

/** 400 for a parameter that must be there. */
export function missingParam(param: string) {
  return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
}

function refuseUnknown(param: string) {
  if (param === 'payment_method_types') {
    return invalidRequest(
      'The `payment_method_types` parameter is no longer supported. Use `allowed_payment_method_types` instead.',
      { code: 'payment_method_types_no_longer_supported', param },
    );
  }
  return invalidRequest(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
}

export function asRecord(raw: unknown): Record<string, unknown> {
  return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
}

export const text: Reader<string> = (value, param) => {
  if (typeof value !== 'string') throw invalidRequest(`Invalid string: ${JSON.stringify(value)}`, { param });
  if (value === '') {
    throw invalidRequest(
      `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`,
      { code: 'parameter_invalid_empty', param },
    );
  }
  return value;
};

/** Text, or null where the caller unsets it with an empty string. */
export const clearable: Reader<string | null> = (value, param) => (value === '' ? null : text(value, param));

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
    const given = text(value, param) as T;
    if (choices.includes(given)) return given;
    throw invalidRequest(`Invalid ${param}: must be one of ${choices.join(', ')}`, { param });
  };
}

export const texts: Reader<string[]> = (value, param) => {
  if (typeof value !== 'object' || value === null) throw invalidRequest('Invalid array', { param });
  return Object.values(value).map((item, index) => text(item, `${param}[${index}]`));
};

/** A group of parameters under one name. */
export function group<S extends Shape, R extends keyof S & string = never>(
  shape: S,
  required: readonly R[] = [],
): Reader<Params<S, R>> {
  return (value, param) => {
    if (typeof value !== 'object' || value === null) throw invalidRequest('Invalid object', { param });
    return readParams(value, shape, required, param);
  };
}

/** A group the emulator only gives back, such as an address. */
export const verbatim: Reader<Record<string, string>> = (value, param) => {
  if (typeof value !== 'object' || value === null) throw invalidRequest('Invalid object', { param });
  return value as Record<string, string>;
};

/** Metadata as given: an empty value unsets its key, an empty string instead of the group unsets all. */
export const metadata: Reader<Record<string, string> | null> = (value, param) => {
  if (value === '') return null;
  if (typeof value !== 'object' || value === null) throw invalidRequest('Invalid object', { param });
  const given: Record<string, string> = {};
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string')
      throw invalidRequest('Metadata values can only be strings.', { param: `${param}[${key}]` });
    if (key.length > 40)
      throw invalidRequest('Metadata keys can have up to 40 characters.', { param: `${param}[${key}]` });
    if (item.length > 500) {
      throw invalidRequest('Metadata values can have up to 500 characters.', { param: `${param}[${key}]` });
    }
    given[key] = item;
  }
  if (Object.keys(given).length > 50) throw invalidRequest('Metadata can have up to 50 keys.', { param });
  return given;
};

/** `current` with `given` merged into it the way Stripe does. */
export function mergeMetadata(
  current: Record<string, string> | null,
  given: Record<string, string> | null | undefined,
): Record<string, string> {
  if (given === null) return {};
  const merged = { ...current, ...given };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}

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
