// What the bank answers to one request, from the card, the situation and the script.
import type { Outcome } from '../store/records.ts';
import { type Card, takesMandate } from './cards.ts';
import { type Decline, declineFor } from './declines.ts';

export type Verdict =
  | { readonly kind: 'approve'; readonly flow: 'challenge' | 'frictionless' | null }
  | { readonly kind: 'challenge' }
  | { readonly kind: 'process' }
  | { readonly kind: 'decline'; readonly decline: Decline };

export interface SetupSituation {
  readonly authenticated: boolean;
  /** `request_three_d_secure` asks for more than the bank would. */
  readonly threeDSecureWanted: boolean;
  /** Mandate options were given: India's rules want the customer to authenticate. */
  readonly mandateWanted: boolean;
}

/** What the bank says to saving this card. */
export function judgeSetup(card: Card, situation: SetupSituation): Verdict {
  if (card.attachable === 'no') {
    return { kind: 'decline', decline: card.decline ?? declineFor('generic_decline') };
  }
  if (!situation.authenticated && mustChallenge(card, situation)) return { kind: 'challenge' };
  if (card.attachable === 'declined_after_challenge') {
    return { kind: 'decline', decline: card.decline ?? declineFor('generic_decline') };
  }
  return { kind: 'approve', flow: flowOf(card, situation.authenticated) };
}

export interface ChargeSituation extends SetupSituation {
  readonly customerPresent: boolean;
  /** The bank has asked for the customer on this payment before and has not seen them yet. */
  readonly bankWantsCustomer: boolean;
  readonly setUp: boolean;
  /** The card's own Mandate under India's rules: none, not named in the request, or named. */
  readonly mandate: 'none' | 'withheld' | 'given';
  /** What the control API says the bank will answer, if anything. */
  readonly scripted: Outcome | null;
}

/** What the bank says to one charge. A scripted outcome overrides the card, not the wish to see the customer. */
export function judgeCharge(card: Card, situation: ChargeSituation): Verdict {
  const { authenticated, customerPresent, scripted } = situation;
  if (customerPresent && !authenticated && situation.bankWantsCustomer) return { kind: 'challenge' };
  if (scripted !== null) return judgeScript(card, situation, scripted);
  if (customerPresent) {
    if (card.attachable === 'no') {
      return { kind: 'decline', decline: card.decline ?? declineFor('generic_decline') };
    }
    if (!authenticated && mustChallenge(card, situation)) return { kind: 'challenge' };
  } else {
    if (situation.mandate === 'given') return { kind: 'process' };
    if (situation.mandate === 'withheld' || card.needsMandate) {
      return { kind: 'decline', decline: declineFor('transaction_not_approved') };
    }
    if (card.customerAway === 'challenge' || (card.customerAway === 'once_set_up' && !situation.setUp)) {
      return { kind: 'challenge' };
    }
  }
  if (card.decline) return { kind: 'decline', decline: card.decline };
  return { kind: 'approve', flow: customerPresent ? flowOf(card, authenticated) : null };
}

function judgeScript(card: Card, situation: ChargeSituation, scripted: Outcome): Verdict {
  if (scripted === 'succeed') {
    return {
      kind: 'approve',
      flow: situation.customerPresent ? flowOf(card, situation.authenticated) : null,
    };
  }
  if (scripted === 'processing') return { kind: 'process' };
  if (scripted === 'authentication_required') {
    // Asked for again after the customer has authenticated, it is a decline: only the bank can help them now.
    if (situation.authenticated) return { kind: 'decline', decline: declineFor('authentication_required') };
    return { kind: 'challenge' };
  }
  return { kind: 'decline', decline: scripted };
}

function mustChallenge(card: Card, situation: SetupSituation): boolean {
  if (card.customerPresent === 'challenge') return true;
  if (situation.mandateWanted && takesMandate(card)) return true;
  return situation.threeDSecureWanted && card.customerPresent === 'on_request';
}

function flowOf(card: Card, authenticated: boolean): 'challenge' | 'frictionless' | null {
  if (authenticated) return 'challenge';
  return card.customerPresent === 'frictionless' ? 'frictionless' : null;
}
