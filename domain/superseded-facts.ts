// Facts that are on record and do not count: what was decided otherwise follows them under numbers of its own.
import type { Fact } from './model/facts.ts';
import type { CustomerState } from './model/state.ts';

/** Facts after number `after`, up to `through`, that somebody else has put on record. */
interface Superseded {
  readonly after: number;
  readonly through: number;
  readonly chargeId?: string;
  /**
   * `decided_otherwise`: the release that made an attempt would go on in another way than the one that runs the workflow.
   * `late_attempt`: the attempt was given up before it answered.
   */
  readonly cause: 'decided_otherwise' | 'late_attempt';
}

/** The state's own facts after `after` go on record after the others, and a fact says that those do not count. */
export function supersedeFacts(
  state: CustomerState,
  { after, through, chargeId, cause }: Superseded,
  nowMs: number,
): CustomerState {
  const first: Fact = {
    sequence: through + 1,
    atMs: nowMs,
    kind: 'facts_superseded',
    ...(chargeId === undefined ? {} : { chargeId }),
    data: { from: after + 1, through, cause },
  };
  const own = state.facts
    .filter(({ sequence }) => sequence > after)
    .map((fact, index): Fact => ({ ...fact, sequence: first.sequence + 1 + index }));
  return { ...state, facts: [first, ...own], sequence: first.sequence + own.length };
}
