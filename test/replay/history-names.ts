// The one list of the histories on record: the recorder writes exactly these, and the replay test reads exactly these.

/** How many runs the workflow of each name has had, each of which is a file: `<name>.1.json`, `<name>.2.json` … */
export const RECORDED_RUNS = {
  'plain-charge': 1,
  'own-card-form': 1,
  'enrolment-failed': 1,
  'enrolment-renewed': 1,
  'consent-on-page': 1,
  'soft-decline': 1,
  'step-up': 1,
  'step-up-expired': 1,
  'new-card': 1,
  'india-mandate': 1,
  paused: 1,
  cancelled: 1,
  returned: 1,
  recovered: 1,
  'outcome-unknown': 1,
  'continued-as-new': 3,
  'charges-cancelled': 1,
  retried: 1,
  'intent-found': 1,
  'card-detached': 1,
  'charge-refused': 1,
  'rate-limited': 1,
  halted: 1,
  'attempts-used-up': 1,
  'no-other-card': 3,
  refunded: 1,
  'disputed-after-cancelling': 1,
  'catch-up': 1,
} as const satisfies { readonly [name: string]: number };

export type RecordedName = keyof typeof RECORDED_RUNS;

/** Files of `histories/`, sorted. */
export const HISTORY_FILES = Object.entries(RECORDED_RUNS)
  .flatMap(([name, runs]) => Array.from({ length: runs }, (_, index) => `${name}.${index + 1}.json`))
  .sort();
