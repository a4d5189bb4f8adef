// What people, banks and machines may do to a simulated customer, drawn at random, and how a simulation is wound down.
import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '../../../domain/shared/time.ts';
import { type CrashTime, type EventDelivery, PROMPT_EVENTS, SimulatedCustomer } from './customer.ts';
import { type FaultProfile, type IssuerScript, type IssuerVerdict, NO_FAULTS } from './stripe.ts';

export type Action =
  | {
      readonly do: 'enrol';
      readonly request: number;
      readonly card: number;
      readonly source: 'server' | 'page' | 'asks';
    }
  | { readonly do: 'consent' }
  | { readonly do: 'setUp'; readonly card: number; readonly isOk: boolean }
  | { readonly do: 'open'; readonly charge: number; readonly dueInHours: number }
  | { readonly do: 'cancelCharge' | 'retryCharge' | 'waiveCharge'; readonly charge: number }
  | { readonly do: 'pause' | 'resume' | 'cancelCustomer' | 'detach' | 'deleteAtStripe' }
  | { readonly do: 'replaceCard'; readonly card: number }
  | { readonly do: 'updateCard'; readonly isRenumbered: boolean }
  | { readonly do: 'changeAmount'; readonly charge: number; readonly amount: number }
  | { readonly do: 'bank'; readonly charge: number; readonly act: 'begin' | 'pass' | 'fail' }
  | { readonly do: 'canceled'; readonly charge: number; readonly by: 'automatic' | 'requested_by_customer' }
  | { readonly do: 'moneyBack'; readonly charge: number; readonly by: 'refund' | 'dispute' }
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'crash'; readonly at: CrashTime };

/** An action, and how many rounds of the workflow's loop pass before the next one. */
export type Turn = Action & { readonly rounds: number };

const CHARGES = 4;
const charge = fc.nat({ max: CHARGES - 1 });
const card = fc.nat({ max: 3 });

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('enrol' as const),
      request: fc.nat({ max: 5 }),
      card,
      source: fc.constantFrom('server' as const, 'page' as const, 'asks' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('consent' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('setUp' as const), card, isOk: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      charge,
      dueInHours: fc.constantFrom(0, 0, 0, 5, 60),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelCharge' as const), charge }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retryCharge' as const), charge }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('waiveCharge' as const), charge }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('pause' as const, 'resume' as const, 'resume' as const, 'detach' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelCustomer' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('bank' as const),
      charge,
      act: fc.constantFrom('begin' as const, 'begin' as const, 'pass' as const, 'fail' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('canceled' as const),
      charge,
      by: fc.constantFrom('automatic' as const, 'requested_by_customer' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('moneyBack' as const),
      charge,
      by: fc.constantFrom('refund' as const, 'dispute' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteAtStripe' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('replaceCard' as const), card }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('updateCard' as const), isRenumbered: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('changeAmount' as const),
      charge,
      amount: fc.constantFrom(90_000, 1_000),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      hours: fc.constantFrom(0.001, 0.02, 0.2, 1, 7, 25, 80, 170, 400),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      at: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
);
export const turn: fc.Arbitrary<Turn> = fc
  .tuple(action, fc.constantFrom(0, 1, 2, 3, 5, 1000))
  .map(([what, rounds]) => ({ ...what, rounds }));

const ANSWERS: readonly IssuerVerdict[] = [
  'succeed',
  'authentication_required',
  'processing',
  'insufficient_funds',
  'issuer_not_available',
  'lost_card',
  'expired_card',
  'a_code_of_tomorrow',
];
export const script: fc.Arbitrary<IssuerScript> = fc.array(fc.constantFrom(...ANSWERS), {
  minLength: 1,
  maxLength: 5,
});
export const faultProfile: fc.Arbitrary<FaultProfile> = fc.oneof(
  fc.constant(NO_FAULTS),
  fc.constant({ lostBefore: 0.15, lostAfter: 0.2, stored500: 0.1, rejected: 0.02 }),
  fc.constant({ lostBefore: 0.4, lostAfter: 0.5, stored500: 0.2, rejected: 0.1 }),
);
export const eventDelivery: fc.Arbitrary<EventDelivery> = fc.oneof(
  fc.constant(PROMPT_EVENTS),
  fc.constant({ lost: 0.3, twice: 0.3, latestMs: 3 * HOUR }),
  fc.constant({ lost: 1, twice: 0, latestMs: 0 }),
);
export const seed = fc.nat();

export const CONSENT = {
  consentId: 'consent-1',
  termsVersion: '1',
  acceptedAtMs: 0,
  source: 'request',
} as const;
export const WHO = { actor: 'shop' };
const COLLECTS_ON_NEW_CARD = { name: 'again', failedCharges: 'collect_on_new_card' } as const;

export function act(simulated: SimulatedCustomer, what: Action): void {
  const { stripe } = simulated;
  switch (what.do) {
    case 'enrol': {
      const { request, source } = what;
      simulated.ask({
        kind: 'enrol',
        ...WHO,
        requestId: `request-${request}-${source}`,
        ...(source === 'asks' ? {} : { consent: CONSENT }),
        ...(source === 'server' ? { paymentMethodId: stripe.newCard(what.card) } : {}),
      });
      return;
    }
    case 'consent': {
      const { enrolment } = simulated.state;
      if (enrolment)
        simulated.ask({
          kind: 'giveConsent',
          ...WHO,
          enrolmentNumber: enrolment.number,
          consent: { ...CONSENT, source: 'page' },
        });
      return;
    }
    case 'setUp': {
      const id = simulated.state.enrolment?.setupIntentId;
      if (id) stripe.customerSetsUp(id, what.card, what.isOk);
      return;
    }
    case 'open': {
      const chargeId = `charge-${what.charge}`;
      const before = simulated.ledger.accepted.get(chargeId);
      // The ledger answers for a charge that is over; now and then a late message comes through to us all the same.
      const terms = before ?? {
        amount: 1000 + what.charge,
        ...(what.dueInHours === 0 ? {} : { dueAtMs: simulated.nowMs + what.dueInHours * HOUR }),
      };
      simulated.ask({
        kind: 'openCharge',
        // By the api, or past it.
        ...(what.charge % 2 === 0 ? { inLedger: 'claimed' as const } : {}),
        ...WHO,
        chargeId,
        amount: terms.amount,
        currency: 'eur',
        ...(terms.dueAtMs === undefined ? {} : { dueAtMs: terms.dueAtMs }),
        ...(what.charge === 1 ? { policy: COLLECTS_ON_NEW_CARD } : {}),
      });
      return;
    }
    case 'cancelCharge':
    case 'retryCharge':
    case 'waiveCharge':
      simulated.ask({ kind: what.do, ...WHO, chargeId: `charge-${what.charge}` });
      return;
    case 'pause':
    case 'resume':
    case 'cancelCustomer':
      simulated.ask({ kind: what.do, ...WHO });
      return;
    case 'detach': {
      const { mandate } = simulated.state;
      if (mandate) stripe.detach(mandate.paymentMethodId);
      return;
    }
    case 'deleteAtStripe':
      if (simulated.state.stripeCustomerId) stripe.deleteCustomer(simulated.state.stripeCustomerId);
      return;
    case 'replaceCard': {
      const requestId = `replaced-${(simulated.state.enrolment?.number ?? 0) + 1}`;
      simulated.ask({ kind: 'enrol', ...WHO, requestId, consent: CONSENT });
      simulated.work(6);
      const { enrolment } = simulated.state;
      if (enrolment?.setupIntentId && !enrolment.closed)
        stripe.customerSetsUp(enrolment.setupIntentId, what.card, true);
      return;
    }
    case 'updateCard': {
      const { mandate } = simulated.state;
      if (mandate) stripe.updateCard(mandate.paymentMethodId, what.isRenumbered);
      return;
    }
    case 'changeAmount': {
      const newest = stripe.intentsOf(`charge-${what.charge}`).at(-1);
      if (newest) stripe.changeAmount(newest.id, what.amount);
      return;
    }
    case 'bank': {
      const chargeId = `charge-${what.charge}`;
      const open = simulated.state.charges.find((other) => other.chargeId === chargeId);
      if (!open?.paymentIntentId) return;
      // Only a page that is live gives the customer the secret; what was started there can end at any time.
      if (what.act === 'begin' && open.phase.is === 'awaiting_step_up')
        stripe.customerBegins(open.paymentIntentId);
      if (what.act !== 'begin') {
        stripe.customerEnds(open.paymentIntentId, what.act === 'pass');
        simulated.signal({ kind: 'stepUpCompleted', chargeId });
      }
      return;
    }
    case 'canceled': {
      const live = stripe.intentsOf(`charge-${what.charge}`).at(-1);
      if (live) stripe.cancelByHand(live.id, what.by);
      return;
    }
    case 'moneyBack':
      if (what.by === 'refund') stripe.refund(`charge-${what.charge}`);
      else stripe.dispute(`charge-${what.charge}`);
      return;
    case 'wait':
      simulated.pass(what.hours * HOUR);
      return;
    case 'crash':
      simulated.crashes = what.at;
  }
}

export function begin(seedOf: number, scriptOf: IssuerScript): SimulatedCustomer {
  const simulated = new SimulatedCustomer(seedOf, scriptOf);
  simulated.ask({ kind: 'enrol', ...WHO, requestId: 'request-first', consent: CONSENT });
  simulated.work();
  act(simulated, { do: 'setUp', card: 0, isOk: true });
  simulated.pass(2 * MINUTE);
  return simulated;
}

export function live(simulated: SimulatedCustomer, turns: readonly Turn[]): void {
  for (const what of turns) {
    act(simulated, what);
    if (what.rounds > 0) simulated.work(what.rounds);
    simulated.checkTruth();
  }
}

/** All faults end; people answer for what only people can answer for; then time passes. */
export function windDown(simulated: SimulatedCustomer, isCustomerThere: boolean): void {
  simulated.faultProfile = NO_FAULTS;
  simulated.eventDelivery = PROMPT_EVENTS;
  simulated.crashes = null;
  simulated.work();
  if (simulated.state.paused) simulated.ask({ kind: 'resume', ...WHO });
  for (let day = 0; day < 150 && !simulated.isOver; day++) {
    for (const { chargeId, phase, paymentIntentId } of simulated.state.charges) {
      const mayRetry =
        phase.is === 'refused' &&
        day < 10 &&
        simulated.ask({ kind: 'retryCharge', ...WHO, chargeId }) === null;
      if (phase.is === 'refused' && !mayRetry) simulated.ask({ kind: 'cancelCharge', ...WHO, chargeId });
      if (phase.is === 'awaiting_step_up' && paymentIntentId && isCustomerThere) {
        simulated.stripe.customerBegins(paymentIntentId);
        simulated.stripe.customerEnds(paymentIntentId, true);
      }
    }
    simulated.pass(day < 40 ? DAY : 7 * DAY);
    if (simulated.state.charges.length === 0) break;
  }
}
