// A stand-in for Stripe.js: the calls that pages for cards use, ours or a caller's own, against the server it came from.
// It is served as text and runs in browsers; nothing here runs on the server.
import type { FastifyPluginAsync } from 'fastify';

export const stripeJs: FastifyPluginAsync = async (app) => {
  for (const path of ['/v3', '/v3/', '/v3/stripe.js']) {
    app.get(path, async (_request, reply) =>
      reply
        .type('text/javascript; charset=utf-8')
        .header('access-control-allow-origin', '*')
        .header('cross-origin-resource-policy', 'cross-origin')
        .send(SCRIPT),
    );
  }
};

const SCRIPT = String.raw`'use strict';
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

  /** The form a page mounts: card number, expiry, security code. */
  class CardElement {
    constructor(type) {
      this.type = type;
      this.listeners = {};
      this.root = document.createElement('div');
      this.root.className = 'StripeElement';
      this.number = this.field('cardnumber', 'Card number', '1234 1234 1234 1234', 'cc-number');
      this.expiry = this.field('exp-date', 'Expiry date', 'MM / YY', 'cc-exp');
      this.cvc = this.field('cvc', 'Security code', 'CVC', 'cc-csc');
      this.root.addEventListener('input', () => this.emit('change', this.state()));
    }
    field(name, label, placeholder, autocomplete) {
      const input = document.createElement('input');
      input.name = name;
      input.placeholder = placeholder;
      input.autocomplete = autocomplete;
      input.inputMode = 'numeric';
      input.setAttribute('aria-label', label);
      this.root.append(input);
      return input;
    }
    state() {
      const values = [this.number.value, this.expiry.value, this.cvc.value];
      return {
        elementType: this.type,
        complete: values.every((value) => value.trim() !== ''),
        empty: values.every((value) => value.trim() === ''),
        error: undefined,
      };
    }
    emit(event, detail) {
      for (const listener of this.listeners[event] || []) listener(detail);
    }
    on(event, listener) {
      (this.listeners[event] = this.listeners[event] || []).push(listener);
      return this;
    }
    off(event) {
      delete this.listeners[event];
      return this;
    }
    mount(where) {
      const target = typeof where === 'string' ? document.querySelector(where) : where;
      if (!target) throw new Error('The selector you specified (' + where + ') applies to no DOM elements.');
      target.replaceChildren(this.root);
      setTimeout(() => this.emit('ready', { elementType: this.type }), 0);
      return this;
    }
    unmount() {
      this.root.remove();
      return this;
    }
    destroy() {
      this.unmount();
      this.listeners = {};
    }
    update() {
      return this;
    }
    focus() {
      this.number.focus();
    }
    blur() {
      this.number.blur();
    }
    clear() {
      for (const input of [this.number, this.expiry, this.cvc]) input.value = '';
    }
    /** What is missing, as Stripe.js says it, or null. */
    gap() {
      const missing = [
        [this.number, 'incomplete_number', 'Your card number is incomplete.'],
        [this.expiry, 'incomplete_expiry', "Your card's expiration date is incomplete."],
        [this.cvc, 'incomplete_cvc', "Your card's security code is incomplete."],
      ].find(([input]) => input.value.trim() === '');
      return missing ? { type: 'validation_error', code: missing[1], message: missing[2] } : null;
    }
    card() {
      const gap = this.gap();
      if (gap) throw gap;
      const typed = this.expiry.value.trim();
      const [month, year] = /\D/.test(typed) ? typed.split(/\D+/) : [typed.slice(0, 2), typed.slice(2)];
      return {
        number: this.number.value.replace(/\D/g, ''),
        exp_month: Number(month),
        exp_year: Number(year),
        cvc: this.cvc.value.trim(),
      };
    }
  }

  class Elements {
    constructor(options) {
      this.options = options || {};
      this.element = null;
    }
    create(type) {
      if (type !== 'card' && type !== 'payment') throw new Error('This emulator has no ' + type + ' element.');
      this.element = new CardElement(type);
      return this.element;
    }
    getElement() {
      return this.element;
    }
    update(options) {
      Object.assign(this.options, options);
    }
    async submit() {
      const gap = this.element && this.element.gap();
      return gap ? { error: gap } : {};
    }
  }

  function Stripe(publishableKey) {
    if (!/^pk_test_/.test(publishableKey || '')) {
      throw new Error('Please call Stripe() with a test publishable key.');
    }

    async function request(method, path, params) {
      const form = encode(params, '', new URLSearchParams()).toString();
      const query = method === 'GET' && form ? '?' + form : '';
      let answer;
      try {
        const response = await fetch(origin + '/v1' + path + query, {
          method,
          headers: {
            Authorization: 'Bearer ' + publishableKey,
            ...(method === 'POST' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
          },
          ...(method === 'POST' ? { body: form } : {}),
        });
        answer = await response.json();
      } catch (error) {
        throw { type: 'api_connection_error', message: 'An error occurred with our connection to Stripe.' };
      }
      if (answer.error) throw answer.error;
      return answer;
    }

    const retrieve = (clientSecret) =>
      request('GET', '/' + kindOf(clientSecret).path + '/' + idOf(clientSecret), { client_secret: clientSecret });

    async function createFrom(data) {
      const { card, billing_details } = data;
      const details = card instanceof CardElement ? card.card() : { token: card && card.token };
      return request('POST', '/payment_methods', { type: 'card', card: details, billing_details });
    }

    /** Shows the bank's page over this one until the intent is no longer waiting, however it was answered. */
    function showChallenge(url, clientSecret) {
      return new Promise((resolve, reject) => {
        const overlay = document.createElement('div');
        overlay.id = 'emulator-challenge';
        overlay.style.cssText =
          'position:fixed;inset:0;z-index:2147483647;background:rgba(0,0,0,.5);display:flex;align-items:center;justify-content:center';
        const frame = document.createElement('iframe');
        frame.name = 'stripe-challenge-frame';
        frame.title = 'Your bank';
        frame.style.cssText = 'width:min(36rem,95vw);height:24rem;border:0;border-radius:8px;background:#fff';
        frame.src = url;
        overlay.append(frame);
        document.body.append(overlay);
        let over = false;
        const look = async () => {
          if (over) return;
          try {
            const intent = await retrieve(clientSecret);
            if (over || intent.status === 'requires_action') return;
            finish(() => resolve(intent));
          } catch (error) {
            finish(() => reject(error));
          }
        };
        const heard = (event) => {
          if (event.origin === origin && event.data && event.data.emulatorChallenge) look();
        };
        const finish = (settle) => {
          over = true;
          clearInterval(timer);
          window.removeEventListener('message', heard);
          overlay.remove();
          settle();
        };
        const timer = setInterval(look, 1000);
        window.addEventListener('message', heard);
      });
    }

    async function follow(clientSecret, intent, options) {
      const kind = kindOf(clientSecret);
      const action = intent.next_action;
      if (intent.status === 'requires_action' && action && !(options && options.handleActions === false)) {
        if (action.type === 'redirect_to_url') {
          location.assign(action.redirect_to_url.url);
          return new Promise(() => {});
        }
        intent = await showChallenge(action.use_stripe_sdk.stripe_js, clientSecret);
        if (intent.status === 'requires_payment_method' && intent[kind.error]) {
          throw { ...intent[kind.error], [kind.param]: intent };
        }
      }
      return { [kind.name]: intent };
    }

    const answering = (work) => work().catch((error) => {
      if (error instanceof Error) throw error;
      return { error };
    });

    const confirmCard = (clientSecret, data, options) =>
      answering(async () => {
        const given = data && data.payment_method;
        const method = typeof given === 'object' && given !== null ? (await createFrom(given)).id : given;
        const path = '/' + kindOf(clientSecret).path + '/' + idOf(clientSecret) + '/confirm';
        const intent = await request('POST', path, {
          client_secret: clientSecret,
          payment_method: method,
          return_url: data && data.return_url,
          use_stripe_sdk: true,
        });
        return follow(clientSecret, intent, options);
      });

    /** confirmSetup and confirmPayment: the same, from an Elements group, with a redirect at the end. */
    const confirmWithElements = (options) =>
      answering(async () => {
        const { elements, confirmParams = {}, redirect } = options;
        const clientSecret = options.clientSecret || (elements && elements.options.clientSecret);
        const element = elements && elements.getElement();
        const details = confirmParams.payment_method_data || {};
        const method = element
          ? { card: element, billing_details: details.billing_details }
          : confirmParams.payment_method;
        const result = await confirmCard(clientSecret, { payment_method: method, return_url: confirmParams.return_url });
        if (result.error) throw result.error;
        if (redirect === 'if_required') return result;
        const kind = kindOf(clientSecret);
        const back = new URL(confirmParams.return_url);
        back.searchParams.set(kind.param, idOf(clientSecret));
        back.searchParams.set(kind.param + '_client_secret', clientSecret);
        back.searchParams.set('redirect_status', 'succeeded');
        location.assign(back.href);
        return new Promise(() => {});
      });

    const retrieveIntent = (clientSecret) =>
      answering(async () => ({ [kindOf(clientSecret).name]: await retrieve(clientSecret) }));

    const act = (clientSecret) => answering(async () => follow(clientSecret, await retrieve(clientSecret)));

    return {
      elements: (options) => new Elements(options),
      createPaymentMethod: (data) => answering(async () => ({ paymentMethod: await createFrom(data) })),
      confirmCardSetup: confirmCard,
      confirmCardPayment: confirmCard,
      confirmSetup: confirmWithElements,
      confirmPayment: confirmWithElements,
      retrieveSetupIntent: retrieveIntent,
      retrievePaymentIntent: retrieveIntent,
      handleCardAction: act,
      handleNextAction: ({ clientSecret }) => act(clientSecret),
    };
  }

  Stripe.version = 3;
  window.Stripe = Stripe;
})();
`;
