// Judges whether the merchant was told of what became of a charge, and whether that is on record.
import type { Finding, Observation } from './findings.ts';

/** What the merchant is told of a charge's end, by how it ended. */
const TOLD_OF_END: { readonly [as: string]: string } = {
  succeeded: 'charge.succeeded',
  failed: 'charge.failed',
};

export function judgeNotices({ customerId, evidence, arrivals }: Observation): Finding[] {
  const findings: Finding[] = [];
  const find = (what: string) => findings.push({ fault: 'notice lost', what });
  const notices = evidence.filter(({ kind }) => kind === 'notice');

  for (const { data, delivery } of notices) {
    const noticeId = String(data.noticeId);
    if (!arrivals.has(`${customerId}:${noticeId}`)) find(`${noticeId} has not arrived`);
    if (delivery?.outcome !== 'sent') find(`${noticeId} is on record as ${delivery?.outcome ?? 'not ended'}`);
  }
  const ids = notices.map(({ data }) => data.noticeId);
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) < index)))
    find(`${id} is on record twice`);

  for (const { data } of evidence.filter(({ kind }) => kind === 'charge_closed')) {
    const wanted = TOLD_OF_END[String(data.as)];
    if (wanted !== undefined && !notices.some((notice) => notice.data.notice === wanted))
      find(`nobody is told that it ${data.as}`);
  }
  return findings;
}

/** How many notices have arrived, and how many of them more than once: a worker had died before it could say so. */
export function countArrivals(arrivals: ReadonlyMap<string, number>) {
  const times = [...arrivals.values()];
  return { arrived: times.length, repeated: times.filter((count) => count > 1).length };
}
