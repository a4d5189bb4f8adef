// What the policy file must look like, and every fault in one, as sentences that name the place and not the value.
import Type, { type Static } from 'typebox';
import { Settings } from 'typebox/system';
import { Errors } from 'typebox/value';
import type { CollectionPolicy } from '../domain/model/policy.ts';
import { ID_PATTERN } from '../domain/shared/ids.ts';
import { DEFAULT_COLLECTION } from '../domain/shared/policy.ts';
import { isTimeZone } from './zones.ts';

/** Longer roads are other charges: a year is the longest that a zone is written down for, and some. */
const LONGEST_DAYS = 365;
const MOST_RETRIES = 8;

const Strict = <Fields extends Type.TProperties>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false });
const whole = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const Days = Type.Array(whole(1, LONGEST_DAYS), { maxItems: MOST_RETRIES });
const DaysAndTime = Strict({
  days: Days,
  at: Type.Optional(Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' })),
});

const PolicySchema = Strict({
  soft: Type.Optional(DaysAndTime),
  unknown: Type.Optional(DaysAndTime),
  transient: Type.Optional(Strict({ hours: Type.Array(whole(1, 72), { maxItems: MOST_RETRIES }) })),
  /** Stripe advises no more than 8 (docs.stripe.com/declines/card). */
  attempts: Type.Optional(whole(1, 8)),
  stepUp: Type.Optional(
    Strict({
      deadlineDays: whole(1, LONGEST_DAYS),
      reminderDays: Days,
      failures: whole(1, 20),
    }),
  ),
  card: Type.Optional(Strict({ waitDays: whole(1, LONGEST_DAYS) })),
  declineNotices: Type.Optional(Type.Enum(['none', 'first', 'each'])),
  end: Type.Optional(Type.Enum(['fail', 'pause', 'cancel'])),
  failedCharges: Type.Optional(Type.Enum(['wait', 'collect_on_new_card'])),
});

/** At most what the networks allow (docs/decisions/0004); for those that name nothing, what is remembered of a card. */
const BudgetsSchema = Strict({
  visa: Type.Optional(Strict({ perAmountIn30Days: whole(1, 20), perCardIn30Days: whole(1, 35) })),
  mastercard: Type.Optional(Strict({ perCardIn24Hours: whole(1, 10), perCardIn30Days: whole(1, 35) })),
  other: Type.Optional(Strict({ perCardIn30Days: whole(1, 35) })),
});

export const PolicyFileSchema = Strict({
  timeZone: Type.Optional(Type.String()),
  defaultPolicy: Type.Optional(Type.String()),
  policies: Type.Optional(
    Type.Record(Type.String({ pattern: ID_PATTERN }), PolicySchema, { additionalProperties: false }),
  ),
  budgets: Type.Optional(BudgetsSchema),
});
export type PolicyFile = Static<typeof PolicyFileSchema>;

/** As many faults of its shape are named. TypeBox stops after eight, which it keeps for the whole process. */
const MOST_FAULTS = 100;

function shapeErrors(value: unknown): ReturnType<typeof Errors> {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MOST_FAULTS });
  try {
    return Errors(PolicyFileSchema, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** @returns every fault, each as `place: what it must be`; none where `value` is a policy file */
export function faultsOfPolicyFile(value: unknown): readonly string[] {
  const shape = shapeErrors(value).flatMap(({ keyword, instancePath, message, params }) => {
    if (keyword === 'additionalProperties') return []; // each of them is named by itself
    if (keyword === 'boolean') return [`${instancePath}: there is no such field`];
    const allowed = 'allowedValues' in params ? `must be one of ${params.allowedValues.join(', ')}` : message;
    return [`${instancePath || '/'}: ${allowed}`];
  });
  // Only what is of the right shape can be read any further.
  return shape.length > 0 ? shape : faultsOfContent(value as PolicyFile);
}

function faultsOfContent({ timeZone, defaultPolicy, policies = {} }: PolicyFile): readonly string[] {
  const faults: string[] = [];
  if (timeZone !== undefined && !isTimeZone(timeZone))
    faults.push('/timeZone: must be the name of a time zone, such as Europe/Berlin');
  if (defaultPolicy !== undefined && !Object.hasOwn(policies, defaultPolicy))
    faults.push('/defaultPolicy: must be the name of one of the policies');
  for (const [name, own] of Object.entries(policies)) {
    const fault = (field: string, words: string) => faults.push(`/policies/${name}/${field}: ${words}`);
    const { soft, unknown, transient, stepUp }: CollectionPolicy = {
      ...DEFAULT_COLLECTION,
      ...(own as Partial<CollectionPolicy>),
    };
    const rising = {
      'soft/days': soft.days,
      'unknown/days': unknown.days,
      'stepUp/reminderDays': stepUp.reminderDays,
    };
    for (const [field, days] of Object.entries(rising))
      if (days.some((day, index) => index > 0 && day <= (days[index - 1] ?? 0)))
        fault(field, 'must rise from each day to the next');
    if (stepUp.reminderDays.some((day) => day >= stepUp.deadlineDays))
      fault('stepUp/reminderDays', 'must all be before deadlineDays');
    for (const [field, { at }] of Object.entries({ soft, unknown }))
      if (at !== undefined && timeZone === undefined)
        fault(`${field}/at`, 'needs a /timeZone, for customers of whom none is known');
    if (transient.hours.reduce((sum, hours) => sum + hours, 0) > 7 * 24)
      fault('transient/hours', 'must be a week at most, all together');
  }
  return faults;
}
