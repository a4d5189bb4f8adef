// Builds an api from its configuration and what the process has opened for it.
import { Client, type ConnectionLike } from '@temporalio/client';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createLinks } from '../links/links.ts';
import { createStripeReader } from '../stripe/reader.ts';
import { clientDataConverter, createPayloadCodec } from '../temporal/payload-codec.ts';
import { buildApp } from './app.ts';
import type { ApiConfig } from './config.ts';

/** They stay open when the app closes: they are the caller's. */
export interface ApiResources {
  readonly ledger: Ledger;
  /** To the Temporal server that `config.temporal` names. */
  readonly connection: ConnectionLike;
  /** Absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger;
}

/** @returns an app that is ready for `listen` or `inject` */
export async function assembleApi(
  config: ApiConfig,
  { ledger, connection, logger }: ApiResources,
): Promise<FastifyInstance> {
  const payloads = createPayloadCodec(config.payloadEncryption);
  return buildApp({
    config: config.app,
    ledger,
    temporal: new Client({
      connection,
      namespace: config.temporal.namespace,
      dataConverter: clientDataConverter(config.payloadEncryption),
    }),
    payloads,
    links: createLinks({ secrets: config.linkSecrets, publicUrl: config.app.publicUrl }),
    stripe: createStripeReader({ apiKey: config.stripeReadKey, apiBase: config.app.stripe.apiBase }),
    ...omitUndefined({ logger }),
  });
}
