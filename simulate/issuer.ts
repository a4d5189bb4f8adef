// One issuer and its customer, as the assumptions have them: what it says when it is asked, and what the customer does.
import type { Decline } from '../domain/model/charge.ts';
import { DAY, HOUR } from '../domain/shared/time.ts';
import type { Assumptions } from './assumptions.ts';
import { drawn, luck, waiting } from './luck.ts';

/** Mastercard's advice codes that say when to come back, in hours (domain/charge/decline-table.ts). */
const COME_BACK: readonly (readonly [code: string, hours: number])[] = [
  ['24', 1],
  ['25', 24],
  ['26', 48],
  ['02', 72],
  ['27', 96],
  ['28', 144],
  ['29', 192],
  ['30', 240],
];

/** What the issuer says to one ask: null means that it pays. */
export type Word = Decline | null;

export class Issuer {
  readonly network: string;
  readonly reason: string;
  readonly #assumptions: Assumptions;
  readonly #seed: readonly [number, number];
  readonly #t0: number;
  /** Asks for each card; the first card is the one with the reason. */
  #asks = 0;
  #paidInAtMs = Number.POSITIVE_INFINITY;
  #isAuthenticated = false;

  constructor(assumptions: Assumptions, seed: number, customer: number, t0: number) {
    this.#assumptions = assumptions;
    this.#seed = [seed, customer];
    this.#t0 = t0;
    this.network = drawn(assumptions.networks, this.#luck('network'));
    const shares = Object.fromEntries(
      Object.entries(assumptions.reasons).map(([name, { share }]) => [name, share]),
    );
    this.reason = drawn(shares, this.#luck('reason'));
  }

  #luck(...words: readonly (string | number)[]): number {
    return luck(...this.#seed, ...words);
  }

  get #why() {
    const why = this.#assumptions.reasons[this.reason];
    if (!why) throw new Error(`no assumption about ${this.reason}`);
    return why;
  }

  /** @param isFirstCard another card has none of the first one's troubles */
  ask(nowMs: number, isFirstCard: boolean): Word {
    if (!isFirstCard) return null;
    this.#asks += 1;
    const { says, blockedFor, money, networkAdvice = 0, mood, down } = this.#why;
    if (says === 'authentication_required' && this.#isAuthenticated) return null;
    if (down && nowMs >= this.#t0 + waiting(down.hours * HOUR, this.#luck('down'))) return null;
    if (money && this.#hasMoney(nowMs)) return null;
    if (mood && this.#asks > 1 && this.#isInTheMood(mood, nowMs)) return null;
    const decline: Decline = {
      code: says === 'authentication_required' ? says : 'card_declined',
      declineCode: says,
      adviceCode: null,
      networkDeclineCode: null,
      networkAdviceCode: null,
      network: this.network,
      ...(blockedFor === undefined ? {} : { blockedFor }),
    };
    const saysWhen = money && this.network === 'mastercard' && this.#luck('advice') < networkAdvice;
    return saysWhen ? { ...decline, networkAdviceCode: this.#comeBack(nowMs) } : decline;
  }

  /** At least as long as until the money is there. */
  #comeBack(nowMs: number): string {
    const wait = COME_BACK.find(([, hours]) => this.#hasMoney(nowMs + hours * HOUR));
    return (wait ?? COME_BACK.at(-1))?.[0] ?? '02';
  }

  #hasMoney(nowMs: number): boolean {
    const { money } = this.#why;
    if (!money) return true;
    const stays = waiting(money.staysDays * DAY, this.#luck('stays'));
    if (nowMs >= this.#paidInAtMs && nowMs < this.#paidInAtMs + stays) return true;
    const first = this.#t0 + waiting(money.comesAfterDays * DAY, this.#luck('comes'));
    const apart = stays + waiting(money.comesAgainAfterDays * DAY, this.#luck('again'));
    return nowMs >= first && (nowMs - first) % apart < stays;
  }

  /** The same within a day, whoever asks however often. */
  #isInTheMood(
    mood: { readonly approvesInADay: number; readonly afterEachAsk: number },
    nowMs: number,
  ): boolean {
    const day = Math.floor((nowMs - this.#t0) / DAY);
    return this.#luck('mood', day) < mood.approvesInADay * mood.afterEachAsk ** (this.#asks - 1);
  }

  authenticated(): void {
    this.#isAuthenticated = true;
  }

  paidIn(nowMs: number): void {
    this.#paidInAtMs = nowMs;
  }

  /**
   * What the customer will do about a notice, and when.
   * @returns epoch ms, or null where they do nothing
   */
  willAuthenticateAt(nowMs: number, reminder: number): number | null {
    const { share, afterDays, sooner } = this.#assumptions.customers.authenticate;
    if (this.#luck('authenticate') >= share) return null;
    return nowMs + waiting(afterDays * DAY * (1 - sooner) ** reminder, this.#luck('authenticates', reminder));
  }

  willGiveAnotherCardAt(nowMs: number): number | null {
    const { share, afterDays } = this.#assumptions.customers.giveAnotherCard;
    return this.#luck('card') < share ? nowMs + waiting(afterDays * DAY, this.#luck('gives')) : null;
  }

  willPayInAt(nowMs: number): number | null {
    const { share, afterDays } = this.#assumptions.customers.payInAfterANotice;
    if (!this.#why.money || this.#luck('pays in') >= share) return null;
    return nowMs + waiting(afterDays * DAY, this.#luck('pays'));
  }
}
