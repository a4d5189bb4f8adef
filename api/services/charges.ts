// Opens charges, shows and lists them, and passes on what people ask of them.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { frozenPolicy, type Policies } from '../../config/policies.ts';
import type { AmountLimits, ChargePolicy } from '../../domain/model/policy.ts';
import { chargeConflict } from '../../domain/refuse.ts';
import { checkAmount } from '../../domain/shared/money.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { ChargeStatus, ChargeView } from '../../domain/view.ts';
import type { ChargeRow, ChargeTerms, Ledger, PromisedCharge } from '../../ledger/ledger.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { cancelCharge, retryCharge, waiveCharge } from '../../workflows/messages.ts';
import type { Caller } from '../http/auth.ts';
import { tooMany } from '../http/problems.ts';
import type { Action } from '../http/schemas/actions.ts';
import type { ChargeAnswer, NewCharge } from '../http/schemas/charges.ts';
import type { PageAnswer } from '../http/schemas/lists.ts';
import { msOf } from '../http/times.ts';
import type { AcceptCharge } from './accept-charge.ts';
import type { Answers } from './answers.ts';
import {
  type CurrentCharge,
  type CustomerReader,
  isClosed,
  isGivenUp,
  recordedCharge,
} from './customer-reader.ts';
import { refuseReserved } from './enrolments.ts';
import type { HandOver } from './hand-over.ts';
import { askWorkflow } from './workflow-request.ts';

export interface Charges {
  /**
   * @param waitMs wait up to this long until the charge is settled or waits for a person
   * @returns `isNew` false when the charge had been asked for before, with the same terms
   * @throws Refusal
   */
  open(
    customerId: string,
    body: NewCharge,
    caller: Caller,
    waitMs: number,
  ): Promise<{ readonly isNew: boolean; readonly answer: ChargeAnswer }>;
  /** @throws Refusal `customer_not_found`, `charge_not_found` */
  show(customerId: string, chargeId: string, caller: Caller): Promise<ChargeAnswer>;
  /** As last recorded. @throws RangeError for a malformed cursor; Refusal `customer_not_found` */
  list(
    filter: { readonly customerId?: string; readonly status?: ChargeStatus; readonly cursor?: string },
    caller: Caller,
  ): Promise<PageAnswer<ChargeAnswer>>;
  /** The customer has authenticated. @throws Refusal `wrong_state` when the charge never asked for it */
  completeStepUp(customerId: string, chargeId: string, caller: Caller): Promise<ChargeAnswer>;
  /** @throws Refusal */
  cancel(customerId: string, chargeId: string, action: Action, caller: Caller): Promise<ChargeAnswer>;
  /** @throws Refusal */
  retry(customerId: string, chargeId: string, action: Action, caller: Caller): Promise<ChargeAnswer>;
  /** What has failed is owed no longer. @throws Refusal */
  waive(customerId: string, chargeId: string, action: Action, caller: Caller): Promise<ChargeAnswer>;
}

/** Milliseconds between two readings while a caller waits: a charge takes a second or two, and each reading is a query. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1_000;
const PAUSE_GROWTH = 1.5;

/** The terms that are compared, with the field of the request that gives each. */
const TERM_NAMES = {
  amount: 'amount',
  currency: 'currency',
  dueAtMs: 'dueAt',
  policyName: 'policy',
  description: 'description',
  statementDescriptorSuffix: 'statementDescriptorSuffix',
  metadata: 'metadata',
} as const satisfies { readonly [Name in keyof ChargeTerms]?: string };

/** Seconds after which a caller may ask again when too many charges wait: a good part of them is worked off. */
const WORKED_OFF = 30;

export function createCharges(deps: {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly reader: CustomerReader;
  readonly answers: Answers;
  readonly acceptCharge: AcceptCharge;
  readonly handOver: HandOver;
  readonly amountLimits: AmountLimits;
  readonly policies: Policies;
}): Charges {
  const { ledger, reader, answers, handOver } = deps;

  const answerOf = (customerId: string, { row, view }: CurrentCharge, caller: Caller) =>
    answers.charge(customerId, view, row, caller);

  async function waitFor(customerId: string, chargeId: string, waitMs: number): Promise<CurrentCharge> {
    const untilMs = Date.now() + waitMs;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE)) {
      const current = await reader.charge(customerId, chargeId);
      const leftMs = untilMs - Date.now();
      if (leftMs <= 0 || hasSettledOrWaits(current.view, untilMs)) return current;
      await sleep(Math.min(pause, leftMs));
    }
  }

  /** What is configured now counts for this charge from here on. @throws Refusal `policy_unknown` */
  function freeze(
    { policy: name, dueAt }: NewCharge,
    timeZone: string | undefined,
  ): ChargePolicy | undefined {
    const nowMs = Date.now();
    const dueAtMs = dueAt === undefined ? nowMs : msOf(dueAt);
    const frozen = frozenPolicy(deps.policies, name, { timeZone, dueAtMs, nowMs });
    if (frozen === null)
      throw new Refusal('policy_unknown', 'No policy of this name is configured (POLICY_FILE).');
    return frozen;
  }

  /**
   * Sends an action to the workflow; a charge that has left the workflow is judged by the ledger.
   * @param isKnown by its status: whether the workflow knows such a charge
   * @param isDone by its status: whether nothing is left to do
   */
  const sending =
    (
      update: typeof cancelCharge,
      isKnown: (status: ChargeRow['status']) => boolean,
      isDone: (status: ChargeRow['status']) => boolean,
    ) =>
    async (customerId: string, chargeId: string, action: Action, caller: Caller): Promise<ChargeAnswer> => {
      const before = await reader.chargeRow(customerId, chargeId);
      if (before.waitsForWorkflow) await handOver.bring(promisedCharge(customerId, before));
      if (isKnown(before.status)) {
        try {
          const view = await askWorkflow(deps, customerId, update, {
            ...action,
            actor: caller.actor,
            chargeId,
          });
          return await answerOf(customerId, { row: before, view }, caller);
        } catch (error) {
          const hasLeft =
            error instanceof Refusal && ['charge_not_found', 'charge_closed'].includes(error.code);
          if (!hasLeft) throw error;
        }
      }
      const row = await reader.chargeRow(customerId, chargeId);
      if (isDone(row.status)) return answerOf(customerId, { row, view: recordedCharge(row) }, caller);
      if (!isClosed(row.status))
        throw new Refusal('wrong_state', 'The customer’s billing does not have this charge yet; ask again.');
      throw new Refusal('charge_closed', `The charge is over: ${row.status}.`);
    };

  return {
    async open(customerId, body, caller, waitMs) {
      const refusal = checkAmount(body.amount, body.currency, deps.amountLimits);
      if (refusal) throw refusal;
      refuseReserved(body.metadata);
      const { view } = await reader.customerRow(customerId);
      const policy = freeze(body, view?.timeZone);
      if (handOver.isFull() && (await ledger.getCharge(customerId, body.chargeId)) === null)
        throw tooMany(
          'So many charges wait that no more are accepted; ask again, with the same ids.',
          WORKED_OFF,
        );
      const terms = termsOf(body, policy);
      const { claim, row } = await ledger.claimCharge(customerId, terms, caller.actor);
      if (claim === 'conflict') throw chargeConflict(body.chargeId, differingTerms(row.terms, terms));
      const submitted = isAccepted(row)
        ? null
        : { row, view: await deps.acceptCharge(customerId, row, caller.actor) };
      const current =
        submitted !== null && waitMs === 0 ? submitted : await waitFor(customerId, body.chargeId, waitMs);
      const isNew = claim === 'new' || claim === 'replaced';
      return { isNew, answer: await answerOf(customerId, current, caller) };
    },

    async show(customerId, chargeId, caller) {
      return answerOf(customerId, await reader.charge(customerId, chargeId), caller);
    },

    async list(filter, caller) {
      if (filter.customerId !== undefined) await reader.customerRow(filter.customerId);
      const { items, ...rest } = await ledger.listCharges(filter);
      const shown = items.map((row) => answerOf(row.customerId, { row, view: recordedCharge(row) }, caller));
      return { items: await Promise.all(shown), ...rest };
    },

    async completeStepUp(customerId, chargeId, caller) {
      const current = await reader.charge(customerId, chargeId);
      const { status, attempts } = current.view;
      if (status === 'awaiting_step_up') {
        const isReceived = await deps.workflows.completeStepUp(customerId, chargeId);
        if (!isReceived) throw new Refusal('wrong_state', 'The customer’s billing has ended.');
      } else if (isGivenUp(status) || !attempts.some(askedForStepUp)) {
        throw new Refusal('wrong_state', `The charge does not wait for the customer: ${status}.`);
      }
      return answerOf(customerId, current, caller);
    },

    cancel: sending(cancelCharge, isOpen, (status) => status === 'cancelled'),
    retry: sending(retryCharge, isOwed, () => false),
    waive: sending(waiveCharge, isOwed, (status) => status === 'waived'),
  };
}

function isOpen(status: ChargeRow['status']): boolean {
  return !isClosed(status);
}

/** What has failed may be collected after all, or waived. */
function isOwed(status: ChargeRow['status']): boolean {
  return isOpen(status) || status === 'failed';
}

/**
 * Whether the workflow is known to have these terms. Where the terms of a refused charge were replaced, it may have
 * recorded the charge before it got them: it is asked again, and a correction that it has changes nothing.
 */
function isAccepted({ status, corrections }: ChargeRow): boolean {
  return status === 'refused' ? corrections === 0 : status !== 'claimed';
}

function promisedCharge(customerId: string, { terms, actor }: ChargeRow): PromisedCharge {
  const { chargeId, amount, currency, dueAtMs, policy } = terms;
  return omitUndefined({
    customerId,
    chargeId,
    amount,
    currency,
    dueAtMs,
    policy,
    actor: actor ?? 'unknown',
  });
}

/** By the names that the caller gives them. What was erased, or only a workflow knew, cannot be compared. */
function differingTerms(before: ChargeTerms, terms: ChargeTerms): readonly string[] {
  const differs = (name: keyof ChargeTerms) => !isDeepStrictEqual(before[name], terms[name]);
  return Object.entries(TERM_NAMES).flatMap(([name, given]) =>
    differs(name as keyof ChargeTerms) ? [given] : [],
  );
}

/** Empty metadata is none: both are the same terms. */
function termsOf(
  { dueAt, metadata = {}, policy: policyName, ...terms }: NewCharge,
  policy: ChargePolicy | undefined,
): ChargeTerms {
  return omitUndefined({
    ...terms,
    policyName,
    policy,
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
    dueAtMs: dueAt === undefined ? undefined : msOf(dueAt),
  });
}

function askedForStepUp({ outcome }: ChargeView['attempts'][number]): boolean {
  return outcome === 'step_up';
}

/** Settled, waiting for a person, or not to be attempted before the caller has left. */
function hasSettledOrWaits({ status, dueAtMs, nextAttemptAtMs }: ChargeView, untilMs: number): boolean {
  switch (status) {
    case 'scheduled':
      return (nextAttemptAtMs ?? dueAtMs) > untilMs;
    case 'retrying':
      return nextAttemptAtMs !== undefined && nextAttemptAtMs > untilMs;
    case 'attempting':
    case 'processing':
    case 'unknown':
      return false;
    default:
      return true;
  }
}
