// Adds facts for the ledger and notices for people outside to a customer's state.
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

/** Asks for a notice, and records that. The same `noticeId` again, while it waits, asks for nothing. */
export function notify(
  state: CustomerState,
  nowMs: number,
  kind: NoticeKind,
  noticeId: string,
  about: { readonly chargeId?: string; readonly data: Notice['data'] },
): CustomerState {
  if (state.notices.some((notice) => notice.noticeId === noticeId)) return state;
  const withNotice = { ...state, notices: [...state.notices, { noticeId, kind, atMs: nowMs, ...about }] };
  const data = { noticeId, notice: kind };
  return recordFact(withNotice, nowMs, 'notice', omitUndefined({ chargeId: about.chargeId, data }));
}
