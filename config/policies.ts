// The policies that are configured, from the file that POLICY_FILE names, and how one is frozen into a charge.
import { readFileSync } from 'node:fs';
import type { Budgets, ChargePolicy, CollectionPolicy } from '../domain/model/policy.ts';
import { DEFAULT_COLLECTION, DEFAULT_POLICY } from '../domain/shared/policy.ts';
import { DAY } from '../domain/shared/time.ts';
import type { Environment } from './environment.ts';
import { faultsOfPolicyFile, type PolicyFile } from './policy-schema.ts';
import { zoneFor } from './zones.ts';

export interface Policies {
  /** By name; what is absent of one is as in the default. */
  readonly byName: { readonly [name: string]: Partial<CollectionPolicy> };
  /** For charges whose request names none; null: the default that is built in. */
  readonly defaultName: string | null;
  /** Of customers of whom none is known; null where no policy needs one. */
  readonly timeZone: string | null;
  readonly budgets: Budgets;
}

/** What counts without a file. */
export const BUILT_IN_POLICIES: Policies = {
  byName: {},
  defaultName: null,
  timeZone: null,
  budgets: DEFAULT_POLICY.budgets,
};

/** Reads POLICY_FILE. Every fault in it is named at once, by its place and never by value: it may be another file. */
export function policiesFrom(environment: Environment): Policies {
  const path = environment.text('POLICY_FILE');
  if (path === '') return BUILT_IN_POLICIES;
  const file = readJson(path);
  const faults =
    file === undefined ? ['it must be a file that can be read, with JSON in it'] : faultsOfPolicyFile(file);
  environment.faults.push(...faults.map((fault) => `POLICY_FILE: ${fault}`));
  return faults.length > 0 ? BUILT_IN_POLICIES : policiesOf(file as PolicyFile);
}

export function policiesOf({ policies = {}, defaultPolicy, timeZone, budgets }: PolicyFile): Policies {
  return {
    byName: policies as Policies['byName'],
    defaultName: defaultPolicy ?? null,
    timeZone: timeZone ?? null,
    budgets: { ...DEFAULT_POLICY.budgets, ...(budgets as Partial<Budgets>) },
  };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** For so long after a charge is due its zone is written down. */
const ZONE_KNOWN_FOR = 2 * 365 * DAY;

/**
 * A policy as it is frozen into a charge: from here on neither another file nor new zone data change it.
 * @param name as the caller gave it; undefined: the configured default
 * @param charge in which zone its customer lives, where that is known, and when it is due, epoch ms
 * @returns undefined for the default that is built in; null where no policy has this name
 */
export function frozenPolicy(
  { byName, defaultName, timeZone }: Policies,
  name: string | undefined,
  charge: { readonly timeZone?: string | undefined; readonly dueAtMs: number; readonly nowMs: number },
): ChargePolicy | null | undefined {
  const wanted = name ?? defaultName;
  if (wanted === null) return undefined;
  const own = Object.hasOwn(byName, wanted) ? byName[wanted] : undefined;
  if (own === undefined) return null;
  const differing = Object.fromEntries(
    Object.entries(own).filter(
      ([field, value]) =>
        JSON.stringify(value) !== JSON.stringify(DEFAULT_COLLECTION[field as keyof CollectionPolicy]),
    ),
  );
  const zone = charge.timeZone ?? timeZone;
  const needsZone = own.soft?.at !== undefined || own.unknown?.at !== undefined;
  return {
    name: wanted,
    ...differing,
    ...(needsZone && zone !== null
      ? { zone: zoneFor(zone, charge.nowMs, Math.max(charge.dueAtMs, charge.nowMs) + ZONE_KNOWN_FOR) }
      : {}),
  };
}
