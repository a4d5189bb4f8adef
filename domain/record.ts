// How a life notes what happened: facts for the ledger, notices for people outside. It sends nothing.
import type { Asked } from './events.ts';
import type { Charge, CustomerState, Fact, FactKind, Notice, NoticeKind } from './state.ts';

/** Notes a fact; nothing else happens before it is in the ledger. */
export function note(
  state: CustomerState,
  nowMs: number,
  kind: FactKind,
  detail: Pick<Fact, 'chargeId' | 'who' | 'why'> & { readonly data?: Fact['data'] } = {},
): CustomerState {
  const sequence = state.sequence + 1;
  const fact: Fact = { ...detail, sequence, atMs: nowMs, kind, data: detail.data ?? {} };
  return { ...state, sequence, facts: [...state.facts, fact] };
}

/** Who asked for it, and why where they said so; nothing else of the request. */
export function by({ who, why }: Asked): Asked {
  return why === undefined ? { who } : { who, why };
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

export function findCharge(state: CustomerState, chargeId: string): Charge | undefined {
  return state.charges.find((charge) => charge.chargeId === chargeId);
}

/** Replaces one charge by its id. */
export function putCharge(state: CustomerState, changed: Charge): CustomerState {
  return {
    ...state,
    charges: state.charges.map((charge) => (charge.chargeId === changed.chargeId ? changed : charge)),
  };
}
