// The worker's log: JSON lines, Temporal's own among them.
import type { Logger } from '@temporalio/worker';
import { type DestinationStream, pino } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * A logger for Temporal's runtime: what workflows, activities and the SDK say, with their ids as fields.
 * @param destination gets the lines; absent: standard output
 */
export function createLogger(destination?: DestinationStream): Logger {
  const out = pino({ serializers: { error: pino.stdSerializers.err } }, destination);
  return {
    log: (level, message, fields) => out[LEVELS[level]](fields ?? {}, message),
    trace: (message, fields) => out.trace(fields ?? {}, message),
    debug: (message, fields) => out.debug(fields ?? {}, message),
    info: (message, fields) => out.info(fields ?? {}, message),
    warn: (message, fields) => out.warn(fields ?? {}, message),
    error: (message, fields) => out.error(fields ?? {}, message),
  };
}
