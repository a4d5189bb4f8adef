// The bank's page, in an iframe of Stripe.js or as a page of its own: the customer authenticates or does not.
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { answer, type Waiting, waitingFor } from '../confirming/customer-at-bank.ts';
import { parseForm } from '../http/params.ts';
import type { World } from '../store/world.ts';
import { escapeHtml, htmlPage } from './html.ts';

export interface ChallengeOptions {
  readonly world: World;
  readonly originOf: (request: FastifyRequest) => string;
  readonly commit: () => Promise<void>;
}

export const challengePages: FastifyPluginAsync<ChallengeOptions> = async (
  app,
  { world, originOf, commit },
) => {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, parseForm(String(body))),
  );

  app.get<{ Params: { id: string } }>('/challenges/:id', async (request, reply) => {
    const waiting = waitingFor(world, request.params.id);
    reply.type('text/html; charset=utf-8');
    return waiting ? questionPage(world, waiting) : reply.code(410).send(GONE);
  });

  app.post<{ Params: { id: string }; Body: { result?: string } }>(
    '/challenges/:id',
    async (request, reply) => {
      const waiting = waitingFor(world, request.params.id);
      if (!waiting) return reply.code(410).type('text/html; charset=utf-8').send(GONE);
      const { result } = request.body ?? {};
      if (result !== 'succeed' && result !== 'fail') {
        return reply.code(400).type('text/plain').send('result must be succeed or fail');
      }
      const { challenge } = waiting;
      answer(
        { world, requestId: null, idempotencyKey: null, origin: originOf(request), publishable: true },
        waiting,
        result,
      );
      await commit();
      if (challenge.returnUrl !== null)
        return reply.redirect(returnAddress(challenge.returnUrl, waiting), 303);
      return reply.type('text/html; charset=utf-8').send(answeredPage(challenge.id));
    },
  );
};

const GONE = htmlPage(
  'Nothing to confirm',
  '<p>This has been answered already, or another attempt has taken its place. You can close this page.</p>',
);

function questionPage(world: World, waiting: Waiting): string {
  const card = world.store.paymentMethods.get(waiting.challenge.paymentMethodId)?.wire.card;
  const what =
    waiting.kind === 'payment'
      ? `a payment of <strong>${escapeHtml(money(waiting.record.wire.amount, waiting.record.wire.currency))}</strong>`
      : '<strong>saving this card</strong> for future payments';
  return htmlPage(
    'Your bank asks: is this you?',
    `<p>Emulator Bank wants you to confirm ${what} with your ${escapeHtml(card?.brand ?? '')} card ending in ${escapeHtml(card?.last4 ?? '')}.</p>
<form method="post">
<button id="authenticate" name="result" value="succeed">Yes, confirm</button>
<button id="fail" name="result" value="fail" class="plain">No, refuse</button>
</form>
<p class="small">This is a stand-in for a bank's 3-D Secure page. No money is real here.</p>`,
  );
}

function answeredPage(challengeId: string): string {
  return htmlPage(
    'Thank you',
    `<p>You can close this page.</p>
<script>parent.postMessage({ emulatorChallenge: ${JSON.stringify(challengeId)} }, '*');</script>`,
  );
}

/** Where the customer is sent back to, with what Stripe adds to the address. */
function returnAddress(returnUrl: string, { kind, record }: Waiting): string {
  const url = new URL(returnUrl);
  const name = kind === 'payment' ? 'payment_intent' : 'setup_intent';
  url.searchParams.set(name, record.wire.id);
  url.searchParams.set(`${name}_client_secret`, record.wire.client_secret ?? '');
  const ended = record.wire.status === 'succeeded' || record.wire.status === 'processing';
  url.searchParams.set('redirect_status', ended ? 'succeeded' : 'failed');
  return url.href;
}

function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}
