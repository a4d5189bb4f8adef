// Every number that is a choice of ours, in one place. No rule of Stripe's and no code lives here.
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

/** A run that waits for nothing in particular still wakes this often. */
export const LONGEST_SLEEP = 7 * DAY;

/** Days after the first due time on which a soft decline is tried again (docs/decisions/0004). */
export const SOFT_RETRY_DAYS: readonly number[] = [1, 3, 7];

/** Hours after a transient decline; after the last of them it counts as soft. */
export const TRANSIENT_RETRY_HOURS: readonly number[] = [1, 4, 12];

/** A decline nobody has documented is tried again this often at most. */
export const UNKNOWN_DECLINE_RETRIES = 2;

/** Attempts for one charge over its whole life; an attempt that never reached the issuer does not count. */
export const ATTEMPTS_PER_CHARGE = 8;

/** Attempts that did not succeed on one card (by fingerprint) within `CARD_BUDGET_WINDOW`, over all charges. */
export const ATTEMPTS_PER_CARD = 15;

export const CARD_BUDGET_WINDOW = 30 * DAY;

/** How long a customer may take to authenticate a charge. */
export const STEP_UP_DEADLINE = 7 * DAY;

/** When a customer who has not authenticated is reminded, counted from the decline. */
export const STEP_UP_REMINDERS: readonly number[] = [1 * DAY, 4 * DAY, 6 * DAY];

/** Failed authentications in one wait before the charge is given up; earlier waits of it are counted in. */
export const STEP_UP_FAILURES = 5;

/** How long a charge waits for another card before it fails. */
export const AWAITING_CARD_DEADLINE = 60 * DAY;

/** A SetupIntent nobody finishes is replaced after this (Stripe advises against keeping old ones). */
export const SETUP_RENEWAL = 7 * DAY;

/** SetupIntents in a row for one enrolment before it is given up. */
export const SETUPS_PER_ENROLMENT = 4;

/** Failed cards in one enrolment before it is closed: more is card testing. */
export const SETUP_FAILURES = 5;

/** Waits between two looks at what Stripe holds open, in order; the last one repeats. */
export const CHECK_BACKOFF: readonly number[] = [
  1 * MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  6 * HOUR,
  24 * HOUR,
];

/** The same, while nobody knows what came of a request. */
export const UNKNOWN_CHECK_BACKOFF: readonly number[] = [
  2 * SECOND,
  10 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  1 * HOUR,
];

/** The same, while a person waits for an enrolment that Stripe has not answered. */
export const ENROLMENT_CHECK_BACKOFF: readonly number[] = [
  2 * SECOND,
  10 * SECOND,
  1 * MINUTE,
  10 * MINUTE,
  1 * HOUR,
];

/** An attempt that Stripe turned away for coming too often is sent again after this. */
export const RATE_LIMIT_PAUSE = 5 * SECOND;

/** Open charges of one customer: their state, view and snapshot travel in one message (docs/decisions/0016). */
export const OPEN_CHARGES = 100;

/** While the emergency brake is on, a customer with something due asks this often whether it is released. */
export const KILL_SWITCH_CHECK = 5 * MINUTE;

/** Ids of Stripe events remembered, so that one delivered again changes nothing. */
export const PROCESSED_EVENTS_REMEMBERED = 200;

/** Attempts shown and kept for an open charge, newest kept; all of them are in the evidence. */
export const ATTEMPTS_REMEMBERED = 20;

/** Refunds and disputes remembered as read, newest kept. */
export const REVERSALS_REMEMBERED = 20;

/** Cards remembered as dead or used, newest kept. */
export const ISSUER_BUDGETS_REMEMBERED = 20;
