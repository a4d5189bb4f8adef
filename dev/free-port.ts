// Finds a free port for a server that is about to listen; nothing reserves it until then.
import { randomInt } from 'node:crypto';
import getPort, { portNumbers } from 'get-port';

/**
 * Below the range that systems give to outgoing connections, any of which could take the port in between; and so that
 * it fits into 16 bits with a sign, in which Temporal's production server keeps some.
 */
const FIRST = 10_000;
const LAST = 32_000;

/** @returns a port that is free on every local address; where to look is left to chance, for others look too */
export function freePort(): Promise<number> {
  return getPort({ port: portNumbers(randomInt(FIRST, LAST - 1_000), LAST) });
}
