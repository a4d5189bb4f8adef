// Every finding is printed, also one that belongs to no charge.
import { expect, test } from 'vitest';
import { makePlan } from './plan.ts';
import { type Result, report } from './report.ts';

const RESULT: Result = {
  plan: makePlan({ seed: 1, charges: 60, kills: 6 }),
  temporalName: 'none',
  observations: [],
  findings: [],
  counts: new Map([
    ['kill api', 2],
    ['kill worker', 3],
    ['cut webhooks', 1],
  ]),
  interferences: new Map([['replace_card', 2]]),
  notices: { arrived: 3, repeated: 1 },
  endedByThemselves: 0,
  busySeconds: 60,
  finished: [{ chargeId: 'one', requestedMs: 0, endedMs: 2_000 }],
  killedAt: [],
  agreedAfterSeconds: 1,
};

test('the table says what was done of the plan, and has a row for each kind of finding', () => {
  const table = report(RESULT);
  expect(table).toContain('| charges | 1 of 60 planned |');
  expect(table).toContain('| kills | 5 of 6 planned (api 2, worker 3) |');
  expect(table).toContain('| interferences | replace card 2 |');
  expect(table).toContain('| notices | 3, of which 1 more than once |');
  expect(table).toContain('| broken chain of evidence | 0 |');
  expect(table).toContain('| secrets in logs | 0 |');
});

test('a finding of the run as a whole is printed and counted, and so is one of a charge, with its story', () => {
  const observation = {
    customerId: 'ada',
    charge: { chargeId: 'one', kind: 'plain', amount: 500, nextCard: 'pm_card_amex' },
    bank: [],
    intents: [],
    ledger: null,
    workflow: null,
    evidence: [],
    arrivals: new Map(),
  } as const;
  const lines = report({
    ...RESULT,
    findings: [
      { fault: 'lost', what: 'it is not in the ledger', observation },
      { fault: 'not done as planned', what: '5 of 6 kills were done' },
    ],
  });
  expect(lines).toContain('lost: it is not in the ledger');
  expect(lines.some((line) => line.startsWith('one of ada'))).toBe(true);
  expect(lines).toContain('not done as planned: 5 of 6 kills were done');
  expect(lines).toContain('| not done as planned | 1 |');
});
