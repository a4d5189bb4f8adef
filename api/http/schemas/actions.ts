// The body of an action: a reason, or nothing.
import Type, { type Static } from 'typebox';
import { REASON_PATTERN } from '../../../domain/shared/ids.ts';
import { Strict, Text } from '../fields.ts';

export const Action = Strict(
  {
    reason: Type.Optional(Text('Kept in the evidence.', REASON_PATTERN, 'The customer asked by phone.')),
  },
  { title: 'Action' },
);
export type Action = Static<typeof Action>;

/** A body that says nothing yet; unknown fields are refused here too. */
export const NoFields = Strict({});
