// Draws what each policy recovers by day, with what it asks and mails, as an SVG that depends on the figures alone.
import { type Lab, SHOWN_DAYS, type Summary } from './compare.ts';
import { cells, HEADINGS } from './table.ts';

const WIDTH = 760;
const PLOT = { left: 56, top: 56, width: 680, height: 280, days: 30 };
const COLOURS = ['#1f6f8b', '#d1495b', '#5b8c2a', '#8d6cab', '#b8860b'];
const ROW = 22;

export function chartOf(summaries: readonly Summary[], { customers, seed }: Lab): string {
  const tableTop = PLOT.top + PLOT.height + 56;
  const height = tableTop + ROW * (summaries.length + 2) + 16;
  const most = Math.ceil(Math.max(...summaries.flatMap(({ recoveredByDay }) => recoveredByDay)) * 10) / 10;
  const x = (day: number) => fixed(PLOT.left + (day / PLOT.days) * PLOT.width);
  const y = (share: number) => fixed(PLOT.top + PLOT.height - (share / most) * PLOT.height);
  const shares = Array.from({ length: Math.round(most * 10) + 1 }, (_, index) => index / 10);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Declined charges that each policy recovers, by day</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(
      16,
      24,
      'Declined charges that each policy recovers, by days since the first decline',
      'font-size="15"',
    ),
    text(
      16,
      42,
      `${customers} customers, seed ${seed}. Under stated assumptions: this predicts nobody’s revenue.`,
      'fill="#555"',
    ),
    ...shares.flatMap((share) => [
      `<line x1="${PLOT.left}" x2="${PLOT.left + PLOT.width}" y1="${y(share)}" y2="${y(share)}" stroke="#e3e3e3"/>`,
      text(
        PLOT.left - 8,
        Number(y(share)) + 4,
        `${Math.round(share * 100)}%`,
        'text-anchor="end" fill="#555"',
      ),
    ]),
    ...[0, 1, 3, 7, 10, 14, 21, 30].map((day) =>
      text(Number(x(day)), PLOT.top + PLOT.height + 18, `${day}`, 'text-anchor="middle" fill="#555"'),
    ),
    text(PLOT.left + PLOT.width, PLOT.top + PLOT.height + 36, 'days', 'text-anchor="end" fill="#555"'),
    ...summaries.map(({ recoveredByDay }, index) => {
      const points = recoveredByDay.slice(0, PLOT.days + 1).map((share, day) => `${x(day)},${y(share)}`);
      return `<polyline fill="none" stroke="${colour(index)}" stroke-width="2" points="${points.join(' ')}"/>`;
    }),
    ...tableRows(summaries, tableTop),
    '</svg>',
  ].join('\n')}\n`;
}

function tableRows(summaries: readonly Summary[], top: number): string[] {
  const columnAt = (column: number) =>
    column === 0 ? 34 : 190 + column * ((WIDTH - 206) / (HEADINGS.length - 1));
  const row = (values: readonly string[], atY: number, attributes: string) =>
    values.map((value, column) =>
      text(columnAt(column), atY, value, `${column === 0 ? '' : 'text-anchor="end" '}${attributes}`),
    );
  return [
    text(columnAt(SHOWN_DAYS.length), top - ROW + 2, 'recovered by day', 'text-anchor="end" fill="#555"'),
    ...row(HEADINGS, top, 'fill="#555"'),
    ...summaries.flatMap((summary, index) => {
      const atY = top + ROW * (index + 1);
      return [
        `<rect x="16" y="${atY - 10}" width="10" height="10" fill="${colour(index)}"/>`,
        ...row(cells(summary), atY, ''),
      ];
    }),
  ];
}

function text(x: number, y: number, words: string, attributes: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped}</text>`;
}

const colour = (index: number) => COLOURS[index % COLOURS.length] ?? '#000';
const fixed = (value: number) => value.toFixed(1);
