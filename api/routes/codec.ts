// The codec endpoint for the Temporal UI and CLI: turns payloads into what people can read, and back.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Payload, type PayloadCodec, ValueError } from '@temporalio/common';
import Type, { type Static } from 'typebox';
import { type Authenticate, describeKey, requireKey } from '../http/auth.ts';
import { Strict } from '../http/fields.ts';
import { METHODS, refuseOtherMethods } from '../http/methods.ts';
import { invalid } from '../http/problems.ts';
import { problems } from '../http/schemas/problems.ts';

/** Bytes: Temporal's largest message, and what base64 and JSON add (docs.temporal.io/cloud/limits). */
const LARGEST_BODY = 6 * 1024 * 1024;

const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', examples: ['eyJhIjoxfQ=='] });
/** Temporal's payloads in protobuf's JSON form. */
const Payloads = Strict({
  payloads: Type.Array(
    Strict({
      metadata: Type.Optional(Type.Record(Type.String(), Base64)),
      data: Type.Optional(Base64),
    }),
    { maxItems: 10_000 },
  ),
});

export interface CodecRoutesOptions {
  readonly payloads: PayloadCodec;
  readonly authenticate: Authenticate;
  /** Whose scripts may read the answer; null: nobody's. */
  readonly uiOrigin: string | null;
}

export const codecRoutes: FastifyPluginAsyncTypebox<CodecRoutesOptions> = async (app, deps) => {
  const { payloads: codec, authenticate, uiOrigin } = deps;

  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (uiOrigin !== null) reply.headers({ 'access-control-allow-origin': uiOrigin, vary: 'origin' });
  });
  if (uiOrigin !== null) {
    // A browser asks without a key whether it may ask with one.
    app.options('/codec/*', { schema: { hide: true } }, async (_request, reply) =>
      reply
        .headers({
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'authorization, content-type, x-namespace',
        })
        .code(204)
        .send(),
    );
  }

  await app.register(async (guarded) => {
    guarded.addHook('onRequest', requireKey(authenticate));
    guarded.addHook('onRoute', describeKey);
    // OPTIONS is the browser's question of above.
    const addRefusals = refuseOtherMethods(
      guarded,
      undefined,
      METHODS.filter((method) => method !== 'OPTIONS'),
    );
    const directions = [
      ['encode', 'Encrypt payloads', codec.encode],
      ['decode', 'Decrypt payloads, for the Temporal UI and CLI', codec.decode],
    ] as const;
    for (const [name, summary, run] of directions) {
      guarded.post<{ Body: Static<typeof Payloads> }>(
        `/codec/${name}`,
        {
          bodyLimit: LARGEST_BODY,
          config: { scope: 'operate' },
          schema: {
            tags: ['codec'],
            summary,
            operationId: `${name}Payloads`,
            body: Payloads,
            response: { 200: Payloads, ...problems(400) },
          },
        },
        async (request) => ({
          payloads: (await converted(request.body.payloads.map(fromJson), run)).map(toJson),
        }),
      );
    }
    addRefusals();
  });
};

async function converted(payloads: Payload[], run: PayloadCodec['decode']): Promise<Payload[]> {
  try {
    return await run(payloads);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw invalid('/body/payloads', error.message);
  }
}

type JsonPayload = Static<typeof Payloads>['payloads'][number];

function fromJson({ metadata = {}, data = '' }: JsonPayload): Payload {
  const decoded = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return { metadata: Object.fromEntries(decoded), data: Buffer.from(data, 'base64') };
}

function toJson({ metadata, data }: Payload): JsonPayload {
  const encoded = Object.entries(metadata ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  return { metadata: Object.fromEntries(encoded), data: Buffer.from(data ?? []).toString('base64') };
}
