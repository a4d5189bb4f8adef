// Rules for the values of environment variables.
import type { Rule } from './environment.ts';

/** @param what completes "it must be": what is expected of somebody who sets it */
export function anyText(what: string): Rule {
  return { must: `be ${what}`, isRight: () => true };
}

export const HTTP_ADDRESS: Rule = { must: 'be an http(s) address', isRight: isHttpAddress };

/** Scheme, host and port, and nothing else. */
export const ORIGIN: Rule = {
  must: 'be an origin such as https://shop.example, without a path',
  isRight: (text) => isHttpAddress(text) && new URL(text).origin === text.replace(/\/$/, ''),
};

/** Where pages are: it may have a path. */
export const PAGE_ROOT: Rule = {
  must: 'be an http(s) address without a query, such as https://pay.example.com',
  isRight: (text) => isHttpAddress(text) && new URL(text).search === '' && new URL(text).hash === '',
};

export const STAND_IN: Rule = {
  must: 'be an http(s) address without a path, such as http://127.0.0.1:8420',
  isRight: (base) => isHttpAddress(base) && new URL(base).pathname === '/',
};

export const POSTGRES: Rule = {
  must: 'begin with postgres:// or postgresql://',
  isRight: (url) => /^postgres(ql)?:\/\//.test(url),
};

/** @param lowest 0 where any free port will do */
export function portFrom(lowest: 0 | 1): Rule {
  return {
    must: `be a port from ${lowest}${lowest === 0 ? ' (any free one)' : ''} to 65535`,
    isRight: (text) => /^\d{1,5}$/.test(text) && Number(text) >= lowest && Number(text) <= 65_535,
  };
}

export function isHttpAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
