// Opens charges and passes on what people ask of them. Uniqueness is the ledger's, decisions are the workflow's.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attribution } from '../../domain/model/events.ts';
import { checkAmount } from '../../domain/shared/money.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { ChargeView } from '../../domain/view.ts';
import type { ChargeTerms, Ledger } from '../../ledger/ledger.ts';
import type { Links } from '../../links/links.ts';
import type { Billing } from '../../temporal/customers.ts';
import { cancelCharge, openCharge, retryCharge } from '../../workflows/messages.ts';
import type { ChargeAnswer, NewCharge } from '../http/schemas.ts';
import { isClosed, type KnownCharge, type Reading, recorded } from './customers.ts';
import { refuseOurMetadata } from './enrolments.ts';
import { chargeAnswer, msOf } from './views.ts';
import { askWorkflow } from './workflow-request.ts';

export interface Charging {
  /**
   * @param waitMs look this long until the charge is settled or waits for someone
   * @returns `isNew` false when the charge had been asked for before, with the same terms
   * @throws Refusal
   */
  open(
    customerId: string,
    body: NewCharge,
    actor: string,
    waitMs: number,
  ): Promise<{ readonly isNew: boolean; readonly answer: ChargeAnswer }>;
  /** @throws Refusal */
  cancel(customerId: string, chargeId: string, by: Attribution): Promise<ChargeAnswer>;
  /** @throws Refusal */
  retry(customerId: string, chargeId: string, by: Attribution): Promise<ChargeAnswer>;
  /** The customer has authenticated. @throws Refusal `wrong_state` when the charge never asked for it */
  steppedUp(customerId: string, chargeId: string): Promise<ChargeAnswer>;
}

/** Between two looks, milliseconds: a charge takes a second or two, and each look is a query. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 1_000;
const PAUSE_GROWTH = 1.5;

export function createCharging(deps: {
  readonly ledger: Ledger;
  readonly billing: Billing;
  readonly reading: Reading;
  readonly links: Links;
  readonly maxChargeAmount: number;
}): Charging {
  const { ledger, reading, links } = deps;

  const answerOf = (customerId: string, { row, view }: KnownCharge) =>
    chargeAnswer(customerId, view, row.terms, links);

  /** Has the workflow take the charge; a refusal takes the claim back. */
  async function hand(customerId: string, terms: ChargeTerms, actor: string): Promise<ChargeView> {
    const { chargeId, amount, currency, dueAtMs } = terms;
    const due = dueAtMs === undefined ? {} : { dueAtMs };
    try {
      const request = { actor, chargeId, amount, currency, ...due };
      const view = await askWorkflow(deps, customerId, openCharge, request);
      await ledger.acceptCharge(customerId, chargeId);
      return view;
    } catch (error) {
      if (error instanceof Refusal) await ledger.releaseCharge(customerId, terms);
      throw error;
    }
  }

  async function look(customerId: string, chargeId: string, waitMs: number): Promise<KnownCharge> {
    const untilMs = Date.now() + waitMs;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * PAUSE_GROWTH, LONGEST_PAUSE)) {
      const known = await reading.charge(customerId, chargeId);
      const leftMs = untilMs - Date.now();
      if (leftMs <= 0 || hasComeToRest(known.view, untilMs)) return known;
      await sleep(Math.min(pause, leftMs));
    }
  }

  /** Sends an action to the workflow; a charge that is over there is judged by the ledger. */
  async function act(
    customerId: string,
    chargeId: string,
    update: typeof cancelCharge,
    by: Attribution,
    isDone: (row: KnownCharge['row']) => boolean,
  ): Promise<ChargeAnswer> {
    const before = await reading.chargeRow(customerId, chargeId);
    if (!isClosed(before.status)) {
      try {
        const view = await askWorkflow(deps, customerId, update, { ...by, chargeId });
        return await answerOf(customerId, { row: before, view });
      } catch (error) {
        const isOver = error instanceof Refusal && ['charge_not_found', 'charge_closed'].includes(error.code);
        if (!isOver) throw error;
      }
    }
    const row = await reading.chargeRow(customerId, chargeId);
    if (isDone(row)) return answerOf(customerId, { row, view: recorded(row) });
    throw new Refusal('charge_closed', `The charge is over: ${row.status}.`);
  }

  return {
    async open(customerId, body, actor, waitMs) {
      const refusal = checkAmount(body.amount, body.currency, deps.maxChargeAmount);
      if (refusal) throw refusal;
      refuseOurMetadata(body.metadata ?? {});
      await reading.customerRow(customerId);
      const terms = termsOf(body);
      const { claim, row } = await ledger.claimCharge(customerId, terms);
      if (claim === 'conflict')
        throw new Refusal(
          'charge_conflict',
          `Charge "${body.chargeId}" exists with other terms; another charge needs another chargeId.`,
        );
      const handed = row.status === 'claimed' ? { row, view: await hand(customerId, terms, actor) } : null;
      const isAsked = handed !== null && waitMs === 0;
      const known = isAsked ? handed : await look(customerId, body.chargeId, waitMs);
      return { isNew: claim === 'new', answer: await answerOf(customerId, known) };
    },

    cancel: (customerId, chargeId, by) =>
      act(customerId, chargeId, cancelCharge, by, ({ status }) => status === 'cancelled'),

    retry: (customerId, chargeId, by) => act(customerId, chargeId, retryCharge, by, () => false),

    async steppedUp(customerId, chargeId) {
      const known = await reading.charge(customerId, chargeId);
      const { status, attempts } = known.view;
      if (status === 'awaiting_step_up') {
        const isHeard = await deps.billing.steppedUp(customerId, chargeId);
        if (!isHeard) throw new Refusal('wrong_state', 'The customer’s billing has ended.');
      } else if (status === 'failed' || status === 'cancelled' || !attempts.some(askedForStepUp)) {
        throw new Refusal('wrong_state', `The charge does not wait for the customer: ${status}.`);
      }
      return answerOf(customerId, known);
    },
  };
}

function termsOf({ dueAt, ...terms }: NewCharge): ChargeTerms {
  return dueAt === undefined ? terms : { ...terms, dueAtMs: msOf(dueAt) };
}

function askedForStepUp({ outcome }: ChargeView['attempts'][number]): boolean {
  return outcome === 'step_up';
}

/** Settled, waiting for someone, or asleep until after the caller has left. */
function hasComeToRest({ status, dueAtMs, nextAttemptAtMs }: ChargeView, untilMs: number): boolean {
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
