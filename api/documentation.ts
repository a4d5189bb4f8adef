// The OpenAPI document and its reader at `/docs`, made from the routes' own schemas. It describes; it checks nothing.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Registered before the routes, so that it sees them all. */
export async function describeRoutes(app: FastifyInstance, publicUrl: string): Promise<void> {
  await app.register(swagger, {
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
        { name: 'webhooks', description: 'Stripe’s bell' },
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
  });

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
