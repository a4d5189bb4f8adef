// The customer's pages and what their scripts ask. The link is the only key here; a GET never acts.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import type { AppConfig } from '../config.ts';
import { ChargeId, Strict } from '../http/fields.ts';
import { Problem } from '../http/problems.ts';
import { ChargeStatus, EnrolmentAnswer, problems } from '../http/schemas.ts';
import type { Pages } from '../services/pages.ts';
import { allowNoBody } from './actions.ts';

/** From one address: pages poll once a second, and a whole office may share an address. */
const REQUESTS_PER_MINUTE = 3_000;

const tags = ['pages'];
const security: { [name: string]: string[] }[] = [];

const Token = Strict({
  token: Type.String({
    maxLength: 1_500,
    description: 'From a link made here.',
    examples: ['eyJhbGciOiJIUzI1NiJ9.e30.x'],
  }),
});

const BrowserStripe = {
  publishableKey: Type.String({ examples: ['pk_test_51Abc'] }),
  stripeJsUrl: Type.String({ examples: ['https://js.stripe.com/v3/'] }),
  clientSecret: Type.String({ description: 'Read at this moment, never kept.' }),
};
const EnrolSession = Type.Object({ ...BrowserStripe, needs: Type.Enum(['card', 'authentication']) });
const StepUpSession = Type.Object({
  ...BrowserStripe,
  chargeId: ChargeId,
  paymentMethodId: Type.String({ description: 'The card to name.' }),
  needs: Type.Enum(['confirmation', 'authentication']),
  amount: Type.Integer({ description: 'Minor units.' }),
  currency: Type.String(),
});
const EnrolStatus = Type.Object({
  status: Type.Enum([...EnrolmentAnswer.properties.status.enum, 'over']),
  hasConsent: Type.Boolean(),
  returnUrl: Type.Optional(Type.String({ description: 'Once succeeded.' })),
});
const StepUpStatus = Type.Object({
  status: ChargeStatus,
  next: Type.Optional(Type.String({ description: 'The charge that waits for the customer now.' })),
  amount: Type.Optional(
    Type.String({ description: 'What it asks for, for people.', examples: ['49.00 EUR'] }),
  ),
  isBusy: Type.Boolean({ description: 'Another charge may come to wait in a moment.' }),
});
const Nothing = Type.Object({});
const html = (description: string) => ({
  description,
  content: { 'text/html': { schema: Type.String() } },
});
const page = { 200: html('The page.'), 404: html('The link is forged or expired.'), ...problems(400, 429) };

export interface PageDeps {
  readonly pages: Pages;
  readonly config: Pick<AppConfig, 'publicUrl' | 'stripe' | 'merchant'>;
}

export const pageRoutes: FastifyPluginAsyncTypebox<PageDeps> = async (app, { pages, config }) => {
  const root = webRoot();
  const [enrolPage, stepUpPage, notFoundPage] = await Promise.all(
    ['enrol.html', 'step-up.html', 'not-found.html'].map(async (file) =>
      filled(await readFile(`${root}${file}`, 'utf8'), config.merchant),
    ),
  );

  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentPolicy(config.stripe) },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: config.publicUrl.startsWith('https:'),
  });
  app.addHook('onRequest', app.rateLimit({ max: REQUESTS_PER_MINUTE, timeWindow: '1 minute' }));
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await app.register(fastifyStatic, {
    root,
    prefix: '/assets/',
    allowedPath: (path) => /\.(js|css)$/.test(path),
    cacheControl: true,
    maxAge: 0,
  });

  /** A link that opens nothing gets a page that people can read. */
  async function show(reply: FastifyReply, text: string | undefined, open: () => Promise<unknown>) {
    reply.type('text/html; charset=utf-8');
    try {
      await open();
      return reply.send(text);
    } catch (error) {
      if (error instanceof Problem && error.code === 'link_not_found')
        return reply.code(404).send(notFoundPage);
      throw error;
    }
  }

  app.get(
    '/enrol/:token',
    {
      schema: {
        tags,
        security,
        summary: 'The card page',
        operationId: 'enrolPage',
        params: Token,
        response: page,
      },
    },
    (request, reply) => show(reply, enrolPage, () => pages.openEnrol(request.params.token)),
  );

  app.post(
    '/enrol/:token/session',
    {
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Begin to give a card; takes consent where none was given',
        operationId: 'enrolSession',
        params: Token,
        body: Strict({ consent: Type.Optional(Type.Literal(true)) }),
        response: { 200: EnrolSession, ...problems(400, 404, 409, 410, 413, 415, 422, 429, 503) },
      },
    },
    async (request) =>
      pages.enrolSession(request.params.token, {
        consent: request.body.consent === true,
        ip: request.ip,
        userAgent: request.headers['user-agent'],
      }),
  );

  app.post(
    '/enrol/:token/done',
    {
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Say that Stripe has the card',
        operationId: 'enrolDone',
        params: Token,
        body: Strict({}),
        response: { 202: Nothing, ...problems(400, 404, 410, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      await pages.enrolDone(request.params.token);
      return reply.code(202).send({});
    },
  );

  app.get(
    '/enrol/:token/status',
    {
      schema: {
        tags,
        security,
        summary: 'How far the enrolment is',
        operationId: 'enrolStatus',
        params: Token,
        response: { 200: EnrolStatus, ...problems(400, 404, 429, 503) },
      },
    },
    async (request) => pages.enrolStatus(request.params.token),
  );

  app.get(
    '/step-up/:token',
    {
      schema: {
        tags,
        security,
        summary: 'The authentication page',
        operationId: 'stepUpPage',
        params: Token,
        response: page,
      },
    },
    (request, reply) => show(reply, stepUpPage, () => pages.openStepUp(request.params.token)),
  );

  app.post(
    '/step-up/:token/session',
    {
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Begin to authenticate the charge that waits',
        operationId: 'stepUpSession',
        params: Token,
        body: Strict({}),
        response: { 200: StepUpSession, ...problems(400, 404, 410, 413, 415, 429, 503) },
      },
    },
    async (request) => pages.stepUpSession(request.params.token),
  );

  app.post(
    '/step-up/:token/done',
    {
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Say that the bank has answered',
        operationId: 'stepUpDone',
        params: Token,
        body: Strict({ chargeId: Type.Optional(ChargeId) }),
        response: { 202: Nothing, ...problems(400, 404, 410, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      await pages.stepUpDone(request.params.token, request.body.chargeId);
      return reply.code(202).send({});
    },
  );

  app.get(
    '/step-up/:token/status',
    {
      schema: {
        tags,
        security,
        summary: 'How far the charge is, and which one waits now',
        operationId: 'stepUpStatus',
        params: Token,
        response: { 200: StepUpStatus, ...problems(400, 404, 429, 503) },
      },
    },
    async (request) => pages.stepUpStatus(request.params.token),
  );
};

/** `web/` lies beside `api/` in the sources, and beside the folder of compiled files in a build. */
function webRoot(): string {
  const [beside, above] = ['../../web/', '../../../web/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return existsSync(beside ?? '') ? (beside ?? '') : (above ?? '');
}

/** Puts the merchant into a page. */
function filled(template: string, merchant: AppConfig['merchant']): string {
  const values: { readonly [name: string]: string } = { ...merchant };
  return template.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => escaped(values[name] ?? ''));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Our own files, and Stripe.js with what it loads (docs.stripe.com/security/guide#content-security-policy). */
function contentPolicy({ jsUrl, apiBase }: AppConfig['stripe']) {
  const script = new URL(jsUrl).origin;
  const isStripe = apiBase === null;
  const frames = isStripe ? ['https://*.js.stripe.com', 'https://hooks.stripe.com'] : [apiBase];
  return {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'", script, ...(isStripe ? ['https://*.js.stripe.com'] : [])],
    frameSrc: [script, ...frames],
    connectSrc: ["'self'", isStripe ? 'https://api.stripe.com' : apiBase],
    imgSrc: ["'self'", 'data:', ...(isStripe ? ['https://*.stripe.com'] : [])],
    styleSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  };
}
