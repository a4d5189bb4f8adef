// Notices of which nothing was heard: started by the sweep, looked after, and given up where only Temporal knows the end.
import { beforeEach, expect, test } from 'vitest';
import { createSweepNoticesActivity, type NoticeStarter } from '../../activities/start-notices.ts';
import type { Ledger, NoticeRef } from '../../ledger/ledger.ts';

/** Notices that are to be looked at, by id. */
let toCheck: Set<string>;
let ends: { readonly noticeId: string; readonly outcome: string; readonly reason?: string | undefined }[];
/** What Temporal knows of a notice; one that is not here was never started. */
let atTemporal: Map<string, Awaited<ReturnType<NoticeStarter['endOf']>>>;
let started: string[];
let isTemporalAway: boolean;
beforeEach(() => {
  toCheck = new Set();
  ends = [];
  atTemporal = new Map();
  started = [];
  isTemporalAway = false;
});

function sweep(): Promise<number> {
  const begin = async ({ noticeId }: NoticeRef) => {
    if (isTemporalAway) throw new Error('Temporal is away');
    started.push(noticeId);
    atTemporal.set(noticeId, null);
  };
  const notices: NoticeStarter = {
    start: async (notice) => {
      if (atTemporal.has(notice.noticeId)) return false;
      await begin(notice);
      return true;
    },
    startAgain: begin,
    endOf: async ({ noticeId }) => atTemporal.get(noticeId) ?? null,
  };
  const ledger = {
    noticesToCheck: async () => [...toCheck].map((noticeId) => ({ customerId: 'ada', noticeId })),
    noticeChecked: async ({ noticeId }: NoticeRef) => void toCheck.delete(noticeId),
    recordNoticeDelivery: async (end: (typeof ends)[number]) => void ends.push(end),
  } as unknown as Ledger;
  const { sweepNotices } = createSweepNoticesActivity({ ledger, notices });
  return sweepNotices();
}

test('what nobody has started is started, once', async () => {
  toCheck = new Set(['n-1', 'n-2']);
  expect(await sweep()).toBe(2);
  toCheck = new Set(['n-1', 'n-2']);
  expect(await sweep()).toBe(0);
  expect(started).toEqual(['n-1', 'n-2']);
  expect(ends).toEqual([]);
});

test('what cannot be started is not taken for looked at', async () => {
  toCheck = new Set(['n-1']);
  isTemporalAway = true;
  await expect(sweep()).rejects.toThrow();
  expect([...toCheck]).toEqual(['n-1']);
  isTemporalAway = false;
  expect(await sweep()).toBe(1);
});

test.each(['CANCELED', 'TERMINATED', 'TIMED_OUT', 'COMPLETED'] as const)(
  'one that Temporal has as %s is given up, and the record says why',
  async (end) => {
    toCheck = new Set(['n-1']);
    atTemporal.set('n-1', end);
    expect(await sweep()).toBe(0);
    const reason = expect.stringContaining('in Temporal');
    expect(ends).toMatchObject([{ customerId: 'ada', noticeId: 'n-1', outcome: 'given_up', reason }]);
    expect(started).toEqual([]);
  },
);

test('one that is under way is left alone', async () => {
  toCheck = new Set(['n-1']);
  atTemporal.set('n-1', null);
  expect(await sweep()).toBe(0);
  expect([started, ends, [...toCheck]]).toEqual([[], [], []]);
});

test('one that failed at Temporal, as one that was started by hand does, is started again', async () => {
  toCheck = new Set(['n-1']);
  atTemporal.set('n-1', 'FAILED');
  await sweep();
  expect(started).toEqual(['n-1']);
  expect(ends).toEqual([]);
});
