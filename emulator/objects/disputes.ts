// Disputes: read, answered with evidence, or given up.
import { notAllowed, resourceMissing } from '../http/errors.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import { readParams } from '../http/params.ts';
import { flag, texts, verbatim } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import type { DisputeRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { endDispute, submit } from './dispute.ts';
import { announceChange } from './events.ts';

const OVER: readonly string[] = ['won', 'lost', 'warning_closed'];

/** @throws StripeProblem 404 if there is none */
function disputeFor(call: Call, id: string): DisputeRecord {
  const record = call.world.store.disputes.get(id);
  if (!record) throw resourceMissing('dispute', id, 'dispute');
  return record;
}

/** @throws StripeProblem 404 if there is none, 400 if it is over */
function openDisputeFor(call: Call, id: string): DisputeRecord {
  const record = disputeFor(call, id);
  if (OVER.includes(record.wire.status)) throw notAllowed('This dispute is already closed');
  return record;
}

export const readDispute: Handler = (call, raw, { id }) => {
  readParams(raw, { expand: texts });
  return disputeFor(call, id).wire;
};

const UPDATE = { evidence: verbatim, expand: texts, metadata, submit: flag };

export const updateDispute: Handler = (call, raw, { id }) => {
  const params = readParams(raw, UPDATE);
  const record = openDisputeFor(call, id);
  const { wire } = record;
  const before = structuredClone(wire);
  wire.metadata = mergeMetadata(wire.metadata, params.metadata);
  // An empty string takes a field back.
  for (const [field, words] of Object.entries(params.evidence ?? {})) {
    Object.assign(wire.evidence, { [field]: words || null });
  }
  const fields = Object.values(wire.evidence);
  wire.evidence_details.has_evidence = fields.some((words) => typeof words === 'string');
  // Metadata alone submits nothing that was staged before.
  const submits = params.submit ?? params.evidence !== undefined;
  if (submits && wire.evidence_details.has_evidence) submit(call, record);
  call.world.store.disputes.put(id, record);
  announceChange(call, 'charge.dispute.updated', wire, before);
  return wire;
};

export const closeDispute: Handler = (call, raw, { id }) => {
  readParams(raw, { expand: texts });
  const record = openDisputeFor(call, id);
  endDispute(call, record, 'lost');
  return record.wire;
};
