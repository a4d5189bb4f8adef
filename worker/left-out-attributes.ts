// Which of Temporal's search attributes are not to be written, from SEARCH_ATTRIBUTES_LEFT_OUT.
import type { Environment } from '../config/environment.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';

const NAMES = Object.keys(SEARCH_ATTRIBUTES);

/** Empty when it is not set: all of them are written. */
export function searchAttributesLeftOut(environment: Environment): readonly string[] {
  return environment.list('SEARCH_ATTRIBUTES_LEFT_OUT', {
    must: `name only ${NAMES.join(', ')}`,
    isRight: (name) => NAMES.includes(name),
  });
}
