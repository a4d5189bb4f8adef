// Charges: one for every time the bank was asked for money, whatever it answered.
import { resourceMissing } from '../http/errors.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import { readParams } from '../http/params.ts';
import { clearable, email, orEmpty, texts } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import type { ChargeRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { announceChange } from './events.ts';

/** @throws StripeProblem 404 if there is none */
function chargeFor(call: Call, id: string): ChargeRecord {
  const record = call.world.store.charges.get(id);
  if (!record) throw resourceMissing('charge', id);
  return record;
}

export const readCharge: Handler = (call, raw, { id }) => {
  readParams(raw, { expand: texts });
  return chargeFor(call, id).wire;
};

const UPDATE = { description: clearable, metadata, receipt_email: orEmpty(email), expand: texts };

export const updateCharge: Handler = (call, raw, { id }) => {
  const params = readParams(raw, UPDATE);
  const record = chargeFor(call, id);
  const before = structuredClone(record.wire);
  if (params.description !== undefined) record.wire.description = params.description;
  if (params.receipt_email !== undefined) record.wire.receipt_email = params.receipt_email;
  record.wire.metadata = mergeMetadata(record.wire.metadata, params.metadata);
  call.world.store.charges.put(id, record);
  announceChange(call, 'charge.updated', record.wire, before);
  return record.wire;
};
