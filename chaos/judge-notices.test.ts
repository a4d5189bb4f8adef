// A notice that never arrived, or of whose end nothing is on record, is found.
import { expect, test } from 'vitest';
import type { Evidence, Observation } from './findings.ts';
import { countArrivals, judgeNotices } from './judge-notices.ts';

const AT = '2027-01-01T00:00:00Z';
const fact = (kind: string, data: Evidence['data'], delivery?: Evidence['delivery']): Evidence => ({
  at: AT,
  kind,
  chargeId: 'one',
  data,
  ...(delivery && { delivery }),
});
const SENT = { outcome: 'sent' };
const closed = (as: string) => fact('charge_closed', { as });
const notice = (kind: string, delivery?: Evidence['delivery'], noticeId = 'n-1') =>
  fact('notice', { notice: kind, noticeId }, delivery);

function found(evidence: readonly Evidence[], ...arrived: string[]): string[] {
  const observation: Observation = {
    customerId: 'ada',
    charge: { chargeId: 'one', kind: 'plain', amount: 500, nextCard: 'pm_card_amex' },
    bank: [],
    intents: [],
    ledger: 'succeeded',
    workflow: null,
    evidence,
    arrivals: new Map(arrived.map((id) => [id, 1])),
  };
  return judgeNotices(observation).map(({ what }) => what);
}

test('told, arrived and on record is no finding, and neither is a charge that was cancelled', () => {
  expect(found([closed('succeeded'), notice('charge.succeeded', SENT)], 'ada:n-1')).toEqual([]);
  expect(found([closed('cancelled')])).toEqual([]);
});

test.each<[string, string[], Evidence[], string[]]>([
  ['that nobody was told of', ['nobody is told that it succeeded'], [closed('succeeded')], []],
  [
    'of another end',
    ['nobody is told that it failed'],
    [closed('failed'), notice('charge.succeeded', SENT)],
    ['ada:n-1'],
  ],
  [
    'that has not arrived',
    ['n-1 has not arrived'],
    [closed('succeeded'), notice('charge.succeeded', SENT)],
    ['bob:n-1'],
  ],
  [
    'without an end',
    ['n-1 is on record as not ended'],
    [closed('succeeded'), notice('charge.succeeded')],
    ['ada:n-1'],
  ],
  [
    'that was given up',
    ['n-1 is on record as given_up'],
    [closed('succeeded'), notice('charge.succeeded', { outcome: 'given_up' })],
    ['ada:n-1'],
  ],
  [
    'that is on record twice',
    ['n-1 is on record twice'],
    [closed('succeeded'), notice('charge.succeeded', SENT), notice('charge.succeeded', SENT)],
    ['ada:n-1'],
  ],
])('a notice %s is found', (_what, findings, evidence, arrived) => {
  expect(found(evidence, ...arrived)).toEqual(findings);
});

test('what arrived again is counted and no finding', () => {
  expect(
    countArrivals(
      new Map([
        ['ada:n-1', 1],
        ['ada:n-2', 3],
      ]),
    ),
  ).toEqual({ arrived: 2, repeated: 1 });
});
