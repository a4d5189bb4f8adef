// How a life notes what happened: facts for the ledger, notices for people outside. It sends nothing.
import type { Attribution } from '../model/events.ts';
import type { Fact, FactKind, Notice, NoticeKind } from '../model/facts.ts';
import type { CustomerState } from '../model/state.ts';

/** Notes a fact; nothing else happens before it is in the ledger. */
export function note(
  state: CustomerState,
  nowMs: number,
  kind: FactKind,
  detail: Pick<Fact, 'chargeId' | 'actor' | 'reason'> & { readonly data?: Fact['data'] } = {},
): CustomerState {
  const sequence = state.sequence + 1;
  const fact: Fact = { ...detail, sequence, atMs: nowMs, kind, data: detail.data ?? {} };
  return { ...state, sequence, facts: [...state.facts, fact] };
}

/** Who asked for it, and why where they said so; nothing else of the request. */
export function by({ actor, reason }: Attribution): Attribution {
  return reason === undefined ? { actor } : { actor, reason };
}

/** Asks for a notice, and notes that. The same `noticeId` again, while it waits, asks for nothing. */
export function tell(
  state: CustomerState,
  nowMs: number,
  kind: NoticeKind,
  noticeId: string,
  about: { readonly chargeId?: string; readonly data: Notice['data'] },
): CustomerState {
  if (state.notices.some((notice) => notice.noticeId === noticeId)) return state;
  const asked = { ...state, notices: [...state.notices, { noticeId, kind, atMs: nowMs, ...about }] };
  const { chargeId } = about;
  return note(asked, nowMs, 'notice', {
    ...(chargeId === undefined ? {} : { chargeId }),
    data: { noticeId, notice: kind },
  });
}
