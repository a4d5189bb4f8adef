// What one call of the API looks like to the rest.
import type { Call } from '../store/world.ts';
import type { ObjectName } from './expand.ts';

/** The ids in the path of a call: `:id`, and `:child` for an object under another. */
export interface PathIds {
  readonly id: string;
  readonly child: string;
}

/**
 * Does what is asked, at once and wholly, and answers with the wire object.
 * Never asynchronous: two requests cannot get in between each other.
 * @param params the raw form or query string
 */
export type Handler = (call: Call, params: unknown, path: PathIds) => object;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Under `/v1`; `:id` and `:child` are the ids of objects. */
  readonly path: string;
  /** What it answers with, which says what may be expanded. */
  readonly answers: ObjectName | { readonly listOf: ObjectName };
  /** May be called with a publishable key (and then with a client secret where there is one). */
  readonly publishable?: true;
  readonly handle: Handler;
}
