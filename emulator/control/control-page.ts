// The page a person sees under `/_emulator/`: what is there and how to change it.
import { escapeHtml, htmlPage } from '../browser/html.ts';
import type { LateRequest } from '../http/late-requests.ts';
import type { World } from '../store/world.ts';

const SHOWN = 25;

const CALLS: ReadonlyArray<readonly [call: string, does: string]> = [
  [
    'POST /_emulator/faults {"method","path","kind":500|429|409|"drop"|"hang"|"late","when":"before"|"after","times","customerId"?,"delaySeconds"?}',
    'The next requests like this fail, before or after they take effect. In <code>path</code>, <code>*</code> stands for any one segment: <code>/v1/payment_intents/*/confirm</code>. With <code>customerId</code> only those about that customer of the merchant’s, as their metadata says. A 500 is kept under its idempotency key, as Stripe keeps it. A late one does not fail: it takes effect, or is answered, <code>delaySeconds</code> (1 to 60) later, though its client be gone, and until then its key is in use.',
  ],
  ['GET /_emulator/faults', 'Those still to come.'],
  ['DELETE /_emulator/faults', 'No more faults.'],
  [
    'POST /_emulator/rate-limits {"perEndpoint","total"}',
    'From now on no more requests a second than these, to any one endpoint and in all; what is above is answered 429. Stripe has 25 and 100 in live mode, 25 and 25 in a sandbox.',
  ],
  ['DELETE /_emulator/rate-limits', 'As many requests as come: so it begins.'],
  [
    'GET /_emulator/requests',
    'How often each endpoint was asked since the emulator started, and how often above a limit.',
  ],
  ['GET /_emulator/late', 'The requests that are being held.'],
  [
    'POST /_emulator/webhooks {"mode":"normal"|"lose"|"twice"|"late"|"shuffle"}',
    'How events from now on are delivered.',
  ],
  [
    'POST /_emulator/outcomes {"paymentMethod","outcomes":[…]}',
    'What the bank says to the next charges of this card, in order; after that the card is itself again. Each is <code>succeed</code>, <code>authentication_required</code>, <code>processing</code>, a decline code, or <code>{"decline_code","advice_code","network_advice_code"}</code>, or <code>{"blocked_for"}</code> where Stripe itself blocks it. Replaces what was scripted.',
  ],
  [
    'POST /_emulator/challenges/:intentId {"result":"succeed"|"fail"}',
    'The customer does what their bank asks, or refuses. After an <code>authentication_required</code> decline this includes coming back to the page.',
  ],
  [
    'POST /_emulator/settle/:intentId {"result"?}',
    'What is processing ends now: a payment, or the pending mandate of a SetupIntent.',
  ],
  [
    'POST /_emulator/disputes {"paymentIntentId","reason"?}',
    'The cardholder disputes this payment now, whatever the card: as <code>fraudulent</code> unless another of Stripe’s reasons is given.',
  ],
  [
    'POST /_emulator/clock {"advanceSeconds"}',
    'Time passes: idempotency keys age, <code>created</code> moves on, what is due happens. Signatures stay on wall time.',
  ],
  ['GET /_emulator/truth?chargeId=', 'Every charge that really happened, by <code>metadata.chargeId</code>.'],
];

/** The page as HTML. */
export function controlPage(world: World, late: readonly LateRequest[]): string {
  const { store } = world;
  const settings = world.settings();
  const faults = store.faults
    .entries()
    .map(([, { method, path, kind, when, times, customerId = 'all', delaySeconds }]) => [
      method,
      path,
      delaySeconds === undefined ? kind : `${kind} by ${delaySeconds} s`,
      when,
      String(times),
      customerId,
    ]);
  const events = store.events
    .newestFirst()
    .slice(0, SHOWN)
    .map(({ wire }) => [
      wire.id,
      wire.type,
      at(wire.created),
      String((wire.data.object as { id?: string }).id ?? ''),
      store.deliveries.get(wire.id)?.status ?? '',
    ]);
  const payments = store.paymentIntents
    .newestFirst()
    .slice(0, SHOWN)
    .map(({ wire }) => [
      wire.id,
      wire.status,
      `${wire.amount} ${wire.currency}`,
      String(wire.customer ?? ''),
      wire.metadata.chargeId ?? '',
      wire.last_payment_error?.decline_code ?? wire.last_payment_error?.code ?? '',
    ]);
  const setups = store.setupIntents
    .newestFirst()
    .slice(0, SHOWN)
    .map(({ wire }) => [
      wire.id,
      wire.status,
      String(wire.customer ?? ''),
      String(wire.payment_method ?? ''),
    ]);
  const cards = store.paymentMethods
    .newestFirst()
    .slice(0, SHOWN)
    .map(({ wire }) => [
      wire.id,
      `${wire.card?.brand} ${wire.card?.last4}`,
      wire.card?.country ?? '',
      String(wire.customer ?? ''),
      String(store.outcomes.get(wire.id)?.outcomes.length ?? 0),
    ]);
  return htmlPage(
    'Stripe stand-in',
    [
      `<p>Its clock says ${escapeHtml(new Date(world.nowMs()).toISOString())} (${settings.clockAheadMs / 1000} s ahead). Webhooks: ${escapeHtml(settings.webhookMode)}. Any <code>sk_test_…</code> key opens it.</p>`,
      '<h2>Control API</h2>',
      `<table>${CALLS.map(([call, does]) => `<tr><td><code>${escapeHtml(call)}</code></td><td>${does}</td></tr>`).join('')}</table>`,
      table('Faults to come', ['method', 'path', 'kind', 'when', 'times', 'customerId'], faults),
      table(
        'Requests held',
        ['method', 'path', 'when', 'customerId', 'until'],
        late.map(({ method, path, when, customerId = 'all', until }) => [
          method,
          path,
          when,
          customerId,
          until,
        ]),
      ),
      table('PaymentIntents', ['id', 'status', 'amount', 'customer', 'chargeId', 'last error'], payments),
      table('SetupIntents', ['id', 'status', 'customer', 'payment method'], setups),
      table('Payment methods', ['id', 'card', 'country', 'customer', 'scripted outcomes'], cards),
      table('Events', ['id', 'type', 'at', 'object', 'delivery'], events),
      `<p class="small">The newest ${SHOWN} of each. ${store.customers.size} customers, ${store.charges.size} charges, ${store.refunds.size} refunds, ${store.disputes.size} disputes in all.</p>`,
    ].join('\n'),
  );
}

function table(title: string, heads: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const head = heads.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
    .join('\n');
  return `<h2>${escapeHtml(title)}</h2><table><tr>${head}</tr>${body}</table>`;
}

function at(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
