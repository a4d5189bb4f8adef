// Where a customer may be sent after the card page.
import { isIP } from 'node:net';

/**
 * Whether `url` is one of ours to send a customer to: https (http on this machine only), without user or password, and
 * of one of these origins. A `blob:` address has an origin too, and is none.
 */
export function isReturnUrl(url: string, origins: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password, origin } = new URL(url);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return isSafe && username === '' && password === '' && origins.includes(origin);
}

function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
