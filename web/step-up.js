// The authentication page: the charge at hand, and then every other of this customer that comes to wait.
import { at, complain, follow, loadStripe, onSubmit, post, Refused, show, wordsOf } from './page.js';

const NOTHING_LEFT = 'There is nothing to confirm any more. You may close this page.';
const CALL_BANK =
  'Your bank still does not let this payment through. Please call your bank and confirm again, or use another card.';
/** Seconds until the page stops asking; what was begun goes on without it. */
const PATIENCE = 60;
/** Seconds for finding out whether anything else helps than to confirm again. */
const PATIENCE_AFTER_FAILURE = 5;

/** The charge the customer has just confirmed, until the api says that it is settled. */
let confirmed = null;

async function confirm() {
  const session = await post('session');
  const stripe = await loadStripe(session);
  const { clientSecret, paymentMethodId, needs, chargeId } = session;
  const { error } =
    needs === 'authentication'
      ? await stripe.handleNextAction({ clientSecret })
      : await stripe.confirmCardPayment(clientSecret, { payment_method: paymentMethodId });
  if (error) {
    complain(error.message ?? 'Your bank did not confirm.');
    await post('done', { chargeId });
    const { advice } = await follow((status) => status.advice, PATIENCE_AFTER_FAILURE);
    if (advice) complain(CALL_BANK);
    return;
  }
  confirmed = chargeId;
  show('Checking with your bank…');
  await post('done', { chargeId });
  await goOn();
}

/** Waits until another charge needs the customer, or none will. */
async function goOn() {
  const status = await follow(
    ({ next, advice, isBusy, isPaused }) => (next ? advice || next !== confirmed : isPaused || !isBusy),
    PATIENCE,
  );
  const { next, amount, advice, isPaused } = status;
  if (!next || isPaused) {
    showEnd(status);
    return;
  }
  at('amount').textContent = amount;
  if (advice) complain(CALL_BANK);
  show(
    confirmed && next !== confirmed ? 'Thank you. There is one more payment to confirm.' : '',
    'bank-form',
  );
}

function showEnd({ status, isPaused }) {
  if (status === 'succeeded') show('Your payment is complete. Thank you.');
  else if (status === 'processing') show('Your bank is working on it. You may close this page.');
  else if (isPaused)
    show('Payments are paused for now, and nothing is charged meanwhile. Please come back later.');
  else show(NOTHING_LEFT);
}

/** A link whose matter is over is no fault of the customer's. */
function endOrComplain(error) {
  const isOver = error instanceof Refused && error.status === 410;
  show(isOver ? NOTHING_LEFT : '');
  complain(isOver ? '' : wordsOf(error));
}

/** A session that is refused because its matter is over is no fault of the customer's. */
async function confirmOrEnd() {
  try {
    await confirm();
  } catch (error) {
    if (!(error instanceof Refused) || ![409, 410].includes(error.status)) throw error;
    await goOn().catch(endOrComplain);
  }
}

onSubmit('bank-form', confirmOrEnd);

try {
  await goOn();
} catch (error) {
  endOrComplain(error);
}
