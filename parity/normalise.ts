// Takes out of an answer what differs from run to run: ids, times, secrets and the numbers of the networks.

const ID = /^(?:([a-z]+(?:_[a-z]+)*)_)(?:test_)?[A-Za-z0-9]{14,}$/;
const ID_IN_TEXT = /\b([a-z]+(?:_[a-z]+)*)_(?:test_)?[A-Za-z0-9]{14,}\b/g;

/** Fields whose values say nothing that two runs could agree on. Messages are for people: nobody is to rely on them. */
const VARIES: readonly string[] = [
  'authorization_code',
  'exp_month',
  'exp_year',
  'fingerprint',
  'message',
  'network_transaction_id',
  'payment_method_configuration_details',
  'pending_webhooks',
  'receipt_url',
  'request_log_url',
  'risk_level',
  'risk_score',
  'seller_message',
  'transaction_id',
  'url',
];

/** Earlier than any time in an answer, epoch seconds, and larger than any amount in the script. */
const TIMES_FROM = 1_600_000_000;

/** A copy of `value` in which what differs from run to run is replaced by what kind of thing it is. */
export function normalised(value: unknown, field = ''): unknown {
  if (value === null || value === undefined) return null;
  if (VARIES.includes(field) && typeof value !== 'object') return `<${field}>`;
  if (typeof value === 'number') return value >= TIMES_FROM ? '<time>' : value;
  if (typeof value === 'string') return normalisedText(value, field);
  if (Array.isArray(value)) return value.map((item) => normalised(item));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, normalised(item, name)]),
  );
}

function normalisedText(text: string, field: string): string {
  if (field === 'client_secret') return '<client_secret>';
  const id = ID.exec(text);
  if (id) return `<${id[1]}>`;
  return text.replaceAll(ID_IN_TEXT, '<$1>').replaceAll(/parity-[\w-]+/g, '<key>');
}
