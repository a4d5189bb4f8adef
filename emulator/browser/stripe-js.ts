// A stand-in for Stripe.js: the calls that pages for cards use, ours or a caller's own, against the server it came from.
import type { FastifyPluginAsync } from 'fastify';
import { ELEMENTS_SCRIPT } from './elements-script.ts';
import { STRIPE_SCRIPT } from './stripe-script.ts';

export const stripeJs: FastifyPluginAsync = async (app) => {
  for (const path of ['/v3', '/v3/', '/v3/stripe.js', '/endive/stripe.js']) {
    app.get(path, async (_request, reply) =>
      reply
        .type('text/javascript; charset=utf-8')
        .header('access-control-allow-origin', '*')
        .header('cross-origin-resource-policy', 'cross-origin')
        .send(SCRIPT),
    );
  }
};

const SCRIPT = `'use strict';
(() => {
  const origin = new URL(document.currentScript.src).origin;

  function encode(value, name, into) {
    if (value === undefined || value === null) return into;
    if (typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) encode(item, name ? name + '[' + key + ']' : key, into);
    } else {
      into.append(name, String(value));
    }
    return into;
  }

  const idOf = (clientSecret) => String(clientSecret).split('_secret_')[0];
  const kindOf = (clientSecret) =>
    String(clientSecret).startsWith('seti_')
      ? { path: 'setup_intents', name: 'setupIntent', error: 'last_setup_error', param: 'setup_intent' }
      : { path: 'payment_intents', name: 'paymentIntent', error: 'last_payment_error', param: 'payment_intent' };
${ELEMENTS_SCRIPT}
${STRIPE_SCRIPT}

  Stripe.version = 3;
  window.Stripe = Stripe;
})();
`;
