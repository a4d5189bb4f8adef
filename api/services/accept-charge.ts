// Accepts a charge that is claimed: by its workflow's own word, or by the ledger where that does not come at once.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger } from 'fastify';
import { refuse } from '../../domain/refuse.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { policyOf } from '../../domain/shared/policy.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { ChargeView } from '../../domain/view.ts';
import type { ChargeRow, Ledger } from '../../ledger/ledger.ts';
import { type CustomerWorkflows, TemporalUnavailable } from '../../temporal/customer-workflows.ts';
import { type ChargeRequest, openCharge } from '../../workflows/messages.ts';
import { type CustomerReader, recordedCharge } from './customer-reader.ts';
import type { HandOver } from './hand-over.ts';
import { askWorkflow } from './workflow-request.ts';

/** Milliseconds for which a caller waits for the workflow's own word, which comes in 50 where nothing is in its way. */
const OWN_WORD = 700;
/**
 * Workflows that are asked for their word at once, by one process. Beyond that the ledger accepts, so that a caller with
 * a thousand charges keeps nobody's request waiting in Temporal.
 */
const ASKED_AT_ONCE = 20;
/** Milliseconds until a charge is handed over whose workflow has been asked already, and may still answer. */
const ANSWER_MAY_COME = 10_000;

export type AcceptCharge = (customerId: string, row: ChargeRow, actor: string) => Promise<ChargeView>;

export function createAcceptCharge(deps: {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly reader: CustomerReader;
  readonly handOver: HandOver;
  readonly log: FastifyBaseLogger;
}): AcceptCharge {
  const { ledger, handOver, log } = deps;
  let askedAtOnce = 0;

  /** Has the workflow accept the charge; a refusal releases the claim, unless the ledger has accepted it meanwhile. */
  async function ask(customerId: string, row: ChargeRow, request: ChargeRequest): Promise<ChargeView> {
    askedAtOnce += 1;
    try {
      const view = await askWorkflow(deps, customerId, openCharge, request);
      await ledger.acceptCharge(customerId, request.chargeId);
      return view;
    } catch (error) {
      if (error instanceof Refusal) await ledger.releaseCharge(customerId, row.terms);
      throw error;
    } finally {
      askedAtOnce -= 1;
    }
  }

  /** What the workflow says within a moment; null when nothing, and its word may still come. @throws Refusal */
  async function ownWord(customerId: string, asked: Promise<ChargeView>): Promise<ChargeView | null> {
    try {
      return await Promise.race([asked, sleep(OWN_WORD, null, { ref: false })]);
    } catch (error) {
      if (!(error instanceof TemporalUnavailable)) throw error;
      log.warn({ err: error.cause, customerId }, 'the workflow did not answer; the ledger judges');
      return null;
    }
  }

  /** Whether the ledger accepts it: nothing that is on record of the customer speaks against it. */
  async function promised(customerId: string, request: ChargeRequest, isAsked: boolean): Promise<boolean> {
    const state = await ledger.getSnapshot(customerId);
    if (state === null || refuse(state, { ...request, kind: 'openCharge' }, Date.now()) !== null)
      return false;
    const { chargeId } = request;
    const mostOpen = policyOf(state).openCharges;
    return handOver.promise({ customerId, chargeId, mostOpen, afterMs: isAsked ? ANSWER_MAY_COME : 0 });
  }

  return async (customerId, row, actor) => {
    const { chargeId, amount, currency, dueAtMs, policy } = row.terms;
    const isCorrection = row.corrections > 0;
    const correction = isCorrection ? row.corrections : undefined;
    const terms = omitUndefined({ actor, chargeId, amount, currency, dueAtMs, policy, correction });
    // A correction changes what the workflow has already, so only the workflow can take it.
    if (isCorrection) return ask(customerId, row, terms);
    const request: ChargeRequest = { ...terms, inLedger: 'claimed' };

    const asked = askedAtOnce < ASKED_AT_ONCE ? ask(customerId, row, request) : null;
    asked?.catch((error) => log.debug({ err: error, customerId }, 'no word of the workflow'));
    const view = asked && (await ownWord(customerId, asked));
    if (view) return view;
    if (await promised(customerId, request, asked !== null)) return recordedCharge(row);
    return asked ?? ask(customerId, row, request);
  };
}
