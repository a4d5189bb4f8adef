// Answers 405, with `Allow`, for a known address that does not have the method.
import type { FastifyInstance, HTTPMethods } from 'fastify';
import { Problem } from './problems.ts';

export const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Called before the routes of `app` are added; what it returns is called after them, and adds the refusals.
 * @param isOurs whether a route, by its whole address, is refused here: hooks of a scope below would not run
 * @param refused the methods that are, where a route does not have them
 */
export function refuseOtherMethods(
  app: FastifyInstance,
  isOurs: (url: string) => boolean = () => true,
  refused: readonly HTTPMethods[] = METHODS,
): () => void {
  const methodsOf = new Map<string, Set<string>>();
  let isCollecting = true;
  app.addHook('onRoute', ({ url, method, prefix }) => {
    if (!isCollecting || url.includes('*') || !isOurs(url)) return;
    const path = url.slice(app.prefix.length === 0 ? 0 : prefix.length);
    const methods = methodsOf.get(path) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    methodsOf.set(path, methods);
  });
  return () => {
    isCollecting = false;
    for (const [url, methods] of methodsOf) {
      const allow = METHODS.filter((method) => methods.has(method)).join(', ');
      app.route({
        method: refused.filter((method) => !methods.has(method)),
        url,
        schema: { hide: true },
        // Before the body is read.
        onRequest: async (_request, reply) => {
          reply.header('allow', allow);
          throw new Problem(405, 'method_not_allowed', `This address takes ${allow}.`);
        },
        handler: async () => {},
      });
    }
  };
}
