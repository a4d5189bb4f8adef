// The OpenAPI document and its reader at `/docs`, made from the routes' own schemas.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { namedOnce } from './components.ts';
import { allowNoBody } from './no-body.ts';
import { problems } from './schemas/problems.ts';

interface Operation {
  readonly operationId?: string;
  readonly requestBody?: { required?: boolean };
}

/** From one address: anybody may read the document, and each reading of it in another form is work. */
const LIMIT = { max: 60, timeWindow: '1 minute' };

/** Registered before the routes, so that it sees them all. */
export async function describeRoutes(app: FastifyInstance, publicUrl: string): Promise<void> {
  const withoutBody = new Set<string | undefined>();
  app.addHook('onRoute', (route) => {
    const { preValidation, schema } = route;
    if (preValidation === allowNoBody) withoutBody.add(schema?.operationId);
    // Node's parser answers so before any route is known.
    if (schema?.response) route.schema = { ...schema, response: { ...problems(431), ...schema.response } };
  });

  await app.register(swagger, {
    // The plugin calls every body required, and writes every schema out in full wherever it is used.
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new TypeError('this is an OpenAPI 3 document');
      for (const path of Object.values(document.openapiObject.paths ?? {}))
        for (const operation of Object.values(path ?? {}) as Operation[])
          if (operation.requestBody && withoutBody.has(operation.operationId))
            operation.requestBody.required = false;
      const { paths, components, ...rest } = document.openapiObject;
      const named = namedOnce(paths);
      return {
        ...rest,
        components: { ...components, schemas: named.schemas },
        paths: named.document,
      } as typeof document.openapiObject;
    },
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'offsession',
        version: '1',
        description:
          'Charges saved cards while the customer is away, and collects what the bank wants to see them for. ' +
          'Times are RFC 3339 in UTC, amounts minor units. POSTs may be repeated with the same ids.',
      },
      servers: [{ url: publicUrl }],
      tags: [
        { name: 'customers', description: 'Who pays, with which card, on what permission' },
        { name: 'charges', description: 'Amounts owed; each collected at most once' },
        { name: 'pages', description: 'What the customer’s pages ask; signed links are the key' },
        { name: 'webhooks', description: 'Stripe’s events' },
        { name: 'codec', description: 'Reading what Temporal keeps encrypted; only with `PAYLOAD_KEYS`' },
        { name: 'health', description: 'For whoever runs this' },
      ],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'A key from `API_KEYS`, with scopes.' },
        },
      },
    },
  });

  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: {
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'font-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'frame-ancestors': ["'none'"],
    },
    uiConfig: { deepLinking: true, persistAuthorization: false },
    uiHooks: { onRequest: app.rateLimit(LIMIT) },
  });

  let json: Buffer | null = null;
  app.get(
    '/openapi.json',
    { schema: { hide: true }, onRequest: app.rateLimit(LIMIT) },
    async (_request, reply) => {
      json ??= Buffer.from(JSON.stringify(app.swagger()));
      return reply.type('application/json; charset=utf-8').send(json);
    },
  );
}
