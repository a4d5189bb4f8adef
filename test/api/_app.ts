// The real app on a real ledger in memory, with a Temporal server that is not there: for tests that need no workflow.
import { createHash } from 'node:crypto';
import { Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { assembleApi } from '../../api/assemble.ts';
import { loadConfig } from '../../api/config.ts';
import { newCustomer } from '../../domain/lifecycle.ts';
import type { Fact } from '../../domain/model/facts.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type { ChargeView, CustomerView } from '../../domain/view.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { createLinks, type Links } from '../../links/links.ts';
import { inMemory } from '../support/databases.ts';

/** Milliseconds for `startTestApp`: opening a ledger takes a while on a busy machine. */
export const STARTING = 120_000;

/** Nobody listens on port 1. */
const NOWHERE = '127.0.0.1:1';
export const WEBHOOK_SECRETS = ['whsec_new', 'whsec_old'];

export const ENV = {
  STRIPE_READ_KEY: 'rk_test_reads',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_shows',
  STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRETS.join(','),
  STRIPE_API_BASE: `http://${NOWHERE}`,
  DATABASE_URL: 'postgres://127.0.0.1/none',
  API_KEYS: [
    'all:read+charge+operate:all-secret',
    `reader:read:sha256=${createHash('sha256').update('reader-secret').digest('hex')}`,
    'charger:charge:charger-secret',
    'operator:operate:operator-secret',
  ].join(','),
  LINK_SECRET: 'a secret for links that is long enough',
  PUBLIC_URL: 'https://pay.example',
  RETURN_URL_ORIGINS: 'https://shop.example',
  MAX_CHARGE_AMOUNT: '1000000',
  MERCHANT_NAME: 'Ada & Sons <Ltd>',
  TERMS_URL: 'https://shop.example/terms',
  TERMS_VERSION: '2026-01',
  TEMPORAL_ADDRESS: NOWHERE,
};

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the server sends; tests read them as a caller would
type Json = any;

export interface TestApp {
  readonly app: FastifyInstance;
  readonly ledger: Ledger;
  readonly links: Links;
  /** Sends a request, by default with the key that has every scope. */
  ask(
    method: 'GET' | 'POST',
    url: string,
    body?: unknown,
    key?: string | null,
  ): Promise<{ status: number; body: Json; headers: Record<string, unknown>; text: string }>;
  /** Puts a customer into the ledger as a workflow would have, without one. */
  put(customerId: string, more?: PutCustomer): Promise<void>;
  close(): Promise<void>;
}

export interface PutCustomer {
  readonly view?: Partial<CustomerView>;
  readonly charges?: readonly ChargeView[];
  readonly facts?: readonly Fact[];
  readonly snapshot?: CustomerState;
}

export async function startTestApp(env: Record<string, string> = {}): Promise<TestApp> {
  const config = loadConfig({ ...ENV, ...env });
  const ledger = await openLedger(await inMemory());
  // Without the SDK's retries every call fails at once instead of at its deadline.
  const connection = Connection.lazy({ ...config.temporal.connectionOptions, interceptors: [] });
  const links = createLinks({ secrets: config.linkSecrets, publicUrl: config.app.publicUrl });
  const app = await assembleApi(config, { ledger, connection });
  return {
    app,
    ledger,
    links,
    async ask(method, url, body, key = 'all-secret') {
      const answer = await app.inject({
        method,
        url,
        headers: key === null ? {} : { authorization: `Bearer ${key}` },
        ...(body === undefined ? {} : { payload: body as object }),
      });
      const isJson = String(answer.headers['content-type']).includes('json');
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.body,
        body: isJson ? answer.json() : null,
      };
    },
    async put(customerId, { view = {}, charges = [], facts = [], snapshot = newCustomer(customerId) } = {}) {
      await ledger.claimCustomer({ customerId, requestId: 'h', metadata: { tier: 'gold' }, personal: {} });
      for (const { chargeId, amount, currency } of charges) {
        await ledger.claimCharge(customerId, { chargeId, amount, currency }, 'shop');
        await ledger.acceptCharge(customerId, chargeId);
      }
      await ledger.record({
        customerId,
        facts,
        charges,
        view: {
          customerId,
          stripeCustomerId: 'cus_1',
          status: 'active',
          needsAttention: [],
          amountDue: 0,
          amountsDue: [],
          currency: 'eur',
          charges,
          ...view,
        },
        snapshot,
        notifies: false,
      });
    },
    async close() {
      await app.close();
      await connection.close();
      await ledger.close();
    },
  };
}
