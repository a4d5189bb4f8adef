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
  must: 'be an http(s) address without a user and a query, such as https://pay.example.com',
  isRight: (text) => isHttpAddress(text) && isBare(new URL(text)),
};

export const STAND_IN: Rule = {
  must: 'be an http(s) address without a user and a path, such as http://127.0.0.1:8420',
  isRight: ORIGIN.isRight,
};

export const POSTGRES: Rule = {
  must: 'be an address that begins with postgres:// or postgresql://',
  // One that names no host, for a socket, may have a user all the same.
  isRight: (url) =>
    /^postgres(ql)?:\/\//.test(url) && (URL.canParse(url) || URL.canParse(url.replace('@/', '@host/'))),
};

/** @param lowest 0 where any free port will do */
export function portFrom(lowest: 0 | 1): Rule {
  return {
    must: `be a port from ${lowest}${lowest === 0 ? ' (any free one)' : ''} to 65535`,
    isRight: (text) => /^\d{1,5}$/.test(text) && Number(text) >= lowest && Number(text) <= 65_535,
  };
}

/** As it is used: with a lower-case scheme, and with nothing in it that whoever reads an address leaves out. */
export function isHttpAddress(text: string): boolean {
  return /^https?:\/\/[^\s\p{Cc}\p{Cf}]+$/u.test(text) && URL.canParse(text);
}

/** Scheme, host, port and path. */
function isBare({ username, password, search, hash }: URL): boolean {
  return [username, password, search, hash].every((part) => part === '');
}
