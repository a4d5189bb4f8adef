// What the lab assumes of issuers and customers: read from a file, checked, every fault named at once.
import { readFileSync } from 'node:fs';
import Type, { type Static } from 'typebox';
import { Errors } from 'typebox/value';

const Strict = <Fields extends Type.TProperties>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Mean = Type.Number({ exclusiveMinimum: 0, maximum: 365 });

const Reason = Strict({
  share: Share,
  says: Type.String(),
  blockedFor: Type.Optional(Type.String()),
  /** It is empty, until money comes; that is spent again after a while, and comes again. */
  money: Type.Optional(Strict({ comesAfterDays: Mean, staysDays: Mean, comesAgainAfterDays: Mean })),
  /** Of a Mastercard without money: how often its issuer says when to come back, which is when the money is there. */
  networkAdvice: Type.Optional(Share),
  /** Approves on some days; each ask makes it less likely. */
  mood: Type.Optional(Strict({ approvesInADay: Share, afterEachAsk: Share })),
  down: Type.Optional(Strict({ hours: Mean })),
});

const AssumptionsSchema = Strict({
  networks: Type.Record(Type.String(), Share),
  reasons: Type.Record(Type.String(), Reason),
  customers: Strict({
    /** `sooner`: each reminder makes those come who would have come later than that by this share. */
    authenticate: Strict({ share: Share, afterDays: Mean, sooner: Share }),
    giveAnotherCard: Strict({ share: Share, afterDays: Mean }),
    payInAfterANotice: Strict({ share: Share, afterDays: Mean }),
  }),
});
export type Assumptions = Static<typeof AssumptionsSchema>;
export type Reason = Static<typeof Reason>;

/** @throws Error that lists every fault, one a line */
export function readAssumptions(path: string | URL): Assumptions {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const faults = Errors(AssumptionsSchema, value).map(
    ({ instancePath, message }) => `${instancePath}: ${message}`,
  );
  if (faults.length > 0) throw new Error(['the file of assumptions is not right:', ...faults].join('\n  '));
  return value as Assumptions;
}
