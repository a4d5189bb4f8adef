// The settings that api and worker must agree on, each read in one way.

import type { AmountLimits } from '../domain/model/policy.ts';
import { type TemporalAddress, temporalFrom } from '../temporal/address.ts';
import { type PayloadEncryption, readPayloadEncryption } from '../temporal/payload-keys.ts';
import { amountLimits } from './amount-limits.ts';
import type { Environment, Rule } from './environment.ts';
import { type Policies, policiesFrom } from './policies.ts';
import { PAGE_ROOT, POSTGRES } from './rules.ts';

export interface SharedSettings {
  readonly temporal: TemporalAddress;
  readonly payloadEncryption: PayloadEncryption;
  /** The first signs, all of them open. */
  readonly linkSecrets: readonly string[];
  /** Where customers reach the pages, without a trailing slash. */
  readonly publicUrl: string;
  /** Null only where the caller brings the ledger along. */
  readonly databaseUrl: string | null;
  readonly amountLimits: AmountLimits;
  readonly policies: Policies;
}

const LINK_SECRET: Rule = {
  must: 'be of at least 32 characters (each, where there are several): openssl rand -hex 32 makes one',
  isRight: (secret) => secret.length >= 32,
};

/**
 * @param withLedger the process opens its ledger itself, so `DATABASE_URL` may be absent
 * @param isLive real money moves, so the links to the customer's pages must be https
 */
export function sharedSettings(
  environment: Environment,
  { withLedger, isLive }: { readonly withLedger: boolean; readonly isLive: boolean },
): SharedSettings {
  const databaseUrl = withLedger
    ? environment.optional('DATABASE_URL', POSTGRES)
    : environment.required('DATABASE_URL', POSTGRES) || null;
  const linkSecrets = environment.requiredList('LINK_SECRET', LINK_SECRET);
  const publicUrl = environment.required('PUBLIC_URL', PAGE_ROOT).replace(/\/+$/, '');
  if (isLive && publicUrl.startsWith('http:'))
    environment.faults.push('PUBLIC_URL must be an https address with live Stripe keys');
  return {
    linkSecrets,
    publicUrl,
    databaseUrl,
    payloadEncryption: readPayloadEncryption(environment.variables, environment.faults),
    amountLimits: amountLimits(environment),
    policies: policiesFrom(environment),
    temporal: temporalFrom(environment.variables, environment.faults),
  };
}
