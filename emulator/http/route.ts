// What one call of the API looks like to the rest. The table itself is in app.ts.
import type { Call } from '../store/world.ts';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Under `/v1`; a segment such as `:id` is the object's id. */
  readonly path: string;
  /** May be called with a publishable key (and then with a client secret where there is one). */
  readonly publishable?: true;
  /**
   * Does what is asked, at once and wholly, and answers with the wire object.
   * Never asynchronous: two requests cannot get in between each other.
   * @param params the raw form or query string
   */
  handle(call: Call, params: unknown, path: { readonly id: string; readonly child: string }): object;
}
