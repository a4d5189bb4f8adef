// The card page: consent, card, the bank, and back to where the customer came from.
import {
  at,
  complain,
  follow,
  loadStripe,
  onSubmit,
  post,
  Refused,
  readStatus,
  show,
  wordsOf,
} from './page.js';

/** Seconds until the page stops asking; what was begun goes on without it. */
const PATIENCE = 120;
/** Milliseconds for reading the last sentence before the page goes on. */
const LAST_SENTENCE = 1_500;

let session = null;
let card = null;

/** Opens the form that is needed; `consent` only where the customer has just ticked the box. */
async function begin(consent) {
  session = await post('session', consent ? { consent: true } : {});
  const stripe = await loadStripe(session);
  if (session.needs === 'authentication') {
    show('', 'bank-form');
    return;
  }
  if (!card) {
    card = stripe.elements().create('card');
    card.mount('#card');
  }
  show('', 'card-form');
}

/** Gives the card to Stripe, and has the api read what came of it. */
async function confirm(run) {
  const stripe = await loadStripe(session);
  const { error } = await run(stripe);
  if (error) {
    complain(error.message ?? 'Your bank did not accept this card.');
    await post('done');
    if (session.needs === 'authentication') await begin(false);
    return;
  }
  await finish();
}

async function finish() {
  show('Checking with your bank…');
  await post('done');
  // `failed` may still be said of an earlier card: Stripe has just taken this one.
  showEnd(await follow(({ status }) => ['succeeded', 'expired', 'over'].includes(status), PATIENCE));
}

function showEnd({ status, returnUrl }) {
  switch (status) {
    case 'succeeded':
      show('Your card is saved. Thank you.');
      if (returnUrl) {
        const link = document.createElement('a');
        link.href = returnUrl;
        link.textContent = 'Continue';
        at('onward').replaceChildren(link);
        setTimeout(() => location.assign(returnUrl), LAST_SENTENCE);
      }
      return;
    case 'expired':
    case 'over':
      show('There is nothing to do here any more. You may close this page.');
      return;
    default:
      show('Your bank is still checking. You may close this page; we keep looking.');
  }
}

/** A session that is refused because its matter is over is no fault of the customer's. */
function end(error) {
  if (error instanceof Refused && [409, 410].includes(error.status)) {
    complain('');
    show('There is nothing to do here any more. You may close this page.');
    return;
  }
  show('');
  complain(wordsOf(error));
}

onSubmit('consent-form', () => begin(true));
onSubmit('card-form', () =>
  confirm((stripe) => stripe.confirmCardSetup(session.clientSecret, { payment_method: { card } })),
);
onSubmit('bank-form', () =>
  confirm((stripe) => stripe.handleNextAction({ clientSecret: session.clientSecret })),
);

try {
  const { status, hasConsent, returnUrl } = await readStatus();
  const query = new URLSearchParams(location.search);
  const cameBack = query.has('setup_intent');
  // The bank's redirect brings the secret along in the address: it does not stay there.
  if (cameBack) history.replaceState(null, '', location.pathname);
  const isDeclined = query.get('redirect_status') === 'failed';
  if (cameBack && isDeclined) complain('Your bank did not confirm. Please try again.');
  if (['succeeded', 'expired', 'over'].includes(status)) showEnd({ status, returnUrl });
  else if (cameBack && !isDeclined) await finish();
  else if (hasConsent) await begin(false);
  else show('', 'consent-form');
} catch (error) {
  end(error);
}
