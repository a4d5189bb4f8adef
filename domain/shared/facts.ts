// Adds facts for the ledger to a customer's state; some of them are notices for people outside.
import type { Attribution } from '../model/events.ts';
import type { Fact, FactKind, Notice, NoticeKind } from '../model/facts.ts';
import type { CustomerState } from '../model/state.ts';
import { omitUndefined } from './omit-undefined.ts';

/** Nothing else happens before it is in the ledger (but see domain/next-step.ts). */
export function recordFact(
  state: CustomerState,
  nowMs: number,
  kind: FactKind,
  detail: Pick<Fact, 'chargeId' | 'actor' | 'reason'> & { readonly data?: Fact['data'] } = {},
): CustomerState {
  const sequence = state.sequence + 1;
  const fact: Fact = { ...detail, sequence, atMs: nowMs, kind, data: detail.data ?? {} };
  return { ...state, sequence, facts: [...state.facts, fact] };
}

/** Who asked for it, and their reason where they gave one; nothing else of the request. */
export function by({ actor, reason }: Attribution): Attribution {
  return omitUndefined({ actor, reason });
}

/**
 * Asks for a notice: a fact, which is sent once it is in the ledger. The same `noticeId` again, while it waits for that,
 * asks for nothing.
 */
export function notify(
  state: CustomerState,
  nowMs: number,
  kind: NoticeKind,
  noticeId: string,
  about: { readonly chargeId?: string; readonly data: Notice['data'] },
): CustomerState {
  if (noticesIn(state.facts).some((notice) => notice.noticeId === noticeId)) return state;
  const { chargeId, data } = about;
  return recordFact(state, nowMs, 'notice', {
    ...omitUndefined({ chargeId }),
    data: { noticeId, notice: kind, ...data },
  });
}

/** The notices among these facts. */
export function noticesIn(facts: readonly Fact[]): Notice[] {
  return facts.filter(({ kind }) => kind === 'notice').map(noticeOf);
}

/** @param fact of kind `notice` */
export function noticeOf({ atMs, chargeId, data: { noticeId, notice, ...data } }: Fact): Notice {
  return {
    noticeId: noticeId as string,
    kind: notice as NoticeKind,
    atMs,
    ...omitUndefined({ chargeId }),
    data: data as Notice['data'],
  };
}
