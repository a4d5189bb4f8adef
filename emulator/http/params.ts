// Reading request parameters as Stripe does: everything is text from a form, and what is unknown is refused.
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
  const named = (name: string) => (prefix ? `${prefix}[${name}]` : name);
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(asRecord(raw))) {
    const reader = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (!reader) throw unknownParam(named(name));
    read[name] = reader(value, named(name));
  }
  for (const name of required) {
    if (read[name] === undefined || read[name] === null) throw missingParam(named(name));
  }
  return read as Params<S, R>;
}

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

/** 400 for a parameter that must be there. */
export function missingParam(param: string) {
  return invalidRequest(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
}

function unknownParam(param: string) {
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
