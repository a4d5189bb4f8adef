// Faults the control API has ordered: which requests are to fail, and how.
import { asRecord } from '../http/params.ts';
import { newId } from '../store/ids.ts';
import type { FaultRecord } from '../store/records.ts';
import type { World } from '../store/world.ts';

export function orderFault(world: World, fault: Omit<FaultRecord, 'id'>): void {
  const id = newId('fault');
  world.store.faults.put(id, { ...fault, id });
}

/** The oldest fault that a request like this is still to meet, or null. */
export function faultFor(world: World, method: string, path: string, params: unknown): FaultRecord | null {
  const found = world.store.faults
    .entries()
    .find(
      ([, fault]) =>
        fault.method === method.toUpperCase() &&
        samePath(fault.path, path) &&
        (fault.customerId === undefined || isAbout(world, fault.customerId, path, params)),
    );
  return found?.[1] ?? null;
}

/**
 * Whether the request is about this customer of the merchant's: by the metadata it gives, or by that of the customer it
 * names or of the customer, SetupIntent or PaymentIntent in its path. Requests for other objects are about nobody.
 */
function isAbout({ store }: World, customerId: string, path: string, params: unknown): boolean {
  const { metadata, customer } = asRecord(params);
  const [, , , id = ''] = path.split('/');
  const named =
    store.paymentIntents.get(id) ??
    store.setupIntents.get(id) ??
    store.customers.get(typeof customer === 'string' ? customer : id);
  return [asRecord(metadata).customerId, named?.wire.metadata?.customerId].includes(customerId);
}

/** One request has met the fault. */
export function countUse(world: World, fault: FaultRecord): void {
  const left = { ...fault, times: fault.times - 1 };
  if (left.times > 0) world.store.faults.put(fault.id, left);
  else world.store.faults.delete(fault.id);
}

export function clearFaults(world: World): void {
  for (const [id] of world.store.faults.entries()) world.store.faults.delete(id);
}

/** Segment by segment; `*` or a segment that starts with `:` stands for any one segment. */
function samePath(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const actual = path.split('/');
  return (
    wanted.length === actual.length &&
    wanted.every((segment, index) => segment === '*' || segment.startsWith(':') || segment === actual[index])
  );
}
