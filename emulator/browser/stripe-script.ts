// The part of the Stripe.js stand-in, as text for browsers, that calls the API and shows the bank's page.

export const STRIPE_SCRIPT = `
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
        let isFinished = false;
        const check = async () => {
          if (isFinished) return;
          try {
            const intent = await retrieve(clientSecret);
            if (isFinished || intent.status === 'requires_action') return;
            finish(() => resolve(intent));
          } catch (error) {
            finish(() => reject(error));
          }
        };
        const onMessage = (event) => {
          if (event.origin === origin && event.data && event.data.emulatorChallenge) check();
        };
        const finish = (settle) => {
          isFinished = true;
          clearInterval(timer);
          window.removeEventListener('message', onMessage);
          overlay.remove();
          settle();
        };
        const timer = setInterval(check, 1000);
        window.addEventListener('message', onMessage);
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
        const card = data && data.payment_method;
        const method = typeof card === 'object' && card !== null ? (await createFrom(card)).id : card;
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
        const returnUrl = new URL(confirmParams.return_url);
        returnUrl.searchParams.set(kind.param, idOf(clientSecret));
        returnUrl.searchParams.set(kind.param + '_client_secret', clientSecret);
        returnUrl.searchParams.set('redirect_status', 'succeeded');
        location.assign(returnUrl.href);
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
`;
