// How much a customer's state remembers, so that it stays small however long they stay.
import { DAY } from './time.ts';

/** A workflow that waits for nothing in particular still wakes this often. */
export const LONGEST_SLEEP = 7 * DAY;

/** Ids of Stripe events, so that one delivered again changes nothing. */
export const PROCESSED_EVENTS_REMEMBERED = 200;

/** Attempts shown and kept for an open charge, newest kept; all of them are in the evidence. */
export const ATTEMPTS_REMEMBERED = 20;

/** Refunds, and as many disputes, that have been read; newest kept. */
export const FOLLOWED_OBJECTS_REMEMBERED = 20;

/** Refunds, and as many disputes, that wait to be read: an event about another one is ignored. */
export const FOLLOWED_OBJECTS_UNREAD = 500;

/** Attempts on one card, newest kept: no limit for a card in 30 days may be higher (domain/shared/issuer-budgets.ts). */
export const BUDGETED_ATTEMPTS_REMEMBERED = 35;

/** Cards that were used or are blocked, newest kept. */
export const ISSUER_BUDGETS_REMEMBERED = 20;

/** Charges that have failed and are owed still, newest kept; older ones are the ledger's alone. */
export const FAILED_CHARGES_REMEMBERED = 100;
