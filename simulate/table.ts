// The lab's figures as rows of words, for the terminal and for the picture.
import { SHOWN_DAYS, type Summary } from './compare.ts';

export const HEADINGS: readonly string[] = [
  'policy',
  ...SHOWN_DAYS.map(String),
  'end',
  'asks',
  'mails',
  'budget',
  'at most',
];

export function cells(summary: Summary): readonly string[] {
  const { name, recoveredByDay, asks, mails, budgetSpent, budgetSpentAtMost } = summary;
  return [
    name,
    ...SHOWN_DAYS.map((day) => percent(recoveredByDay[day] ?? 0)),
    percent(recoveredByDay.at(-1) ?? 0),
    asks.toFixed(2),
    mails.toFixed(2),
    percent(budgetSpent),
    percent(budgetSpentAtMost),
  ];
}

/** What each recovers, asks, mails and spends, and then what it recovers of each kind of trouble. */
export function tablesOf(summaries: readonly Summary[]): string {
  const reasons = summaries[0]?.byReason.map(({ reason }) => reason) ?? [];
  const byReason = reasons.map((reason) => [
    reason,
    ...summaries.map(({ byReason: of }) =>
      percent(of.find((each) => each.reason === reason)?.recovered ?? 0),
    ),
  ]);
  return [
    'Recovered by day; asks of an issuer and mails, for each charge; spent of what a network allows a card in 30 days:',
    aligned([HEADINGS, ...summaries.map(cells)]),
    'Recovered in the end, by what was wrong at first:',
    aligned([['', ...summaries.map(({ name }) => name)], ...byReason]),
  ].join('\n\n');
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
