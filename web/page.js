// What both pages need: asking the api under the page's own address, showing one thing at a time, loading Stripe.js.

const here = location.pathname.replace(/\/+$/, '');
const POLL_PAUSE = 1_000;

/** An answer of the api's that is no success. */
export class Refused extends Error {
  constructor(problem, status) {
    super(problem.detail ?? 'Something went wrong. Please try again.');
    this.code = problem.code ?? '';
    this.status = status;
  }
}

/** @returns the element with this id */
export const at = (id) => document.getElementById(id);

/** GET `status`: asks, and changes nothing. */
export const readStatus = () => ask('status');

/** POST below the page's address. @throws Refused */
export const post = (name, body = {}) =>
  ask(name, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function ask(name, options = {}) {
  const response = await fetch(`${here}/${name}`, {
    ...options,
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(answer, response.status);
  return answer;
}

/** Says how it stands, and shows one form or none. The new form gets the focus, so that a keyboard finds it. */
export function show(progress, formId = null) {
  at('progress').textContent = progress;
  for (const form of document.forms) {
    const isShown = form.id === formId;
    const isNew = isShown && form.hidden;
    form.hidden = !isShown;
    if (isNew) form.querySelector('input, button')?.focus();
  }
}

/** Says what went wrong; an empty text takes it back. */
export function complain(text) {
  at('problem').textContent = text;
  at('problem').hidden = text === '';
}

/** Runs `work` when the form is sent, once at a time; what it throws is shown. */
export function onSubmit(formId, work) {
  const form = at(formId);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button');
    if (button.disabled) return;
    button.disabled = true;
    complain('');
    try {
      await work();
    } catch (error) {
      complain(wordsOf(error));
    } finally {
      button.disabled = false;
    }
  });
}

/** For people; a browser's own words about a lost network are not. */
export function wordsOf(error) {
  return error instanceof Refused || error?.type
    ? error.message
    : 'We could not be reached. Please try again.';
}

/** Asks for the status until `isSettled` likes it, `seconds` long. @returns the last status */
export async function follow(isSettled, seconds) {
  const until = Date.now() + seconds * 1_000;
  for (;;) {
    const status = await readStatus();
    if (isSettled(status) || Date.now() >= until) return status;
    await new Promise((resolve) => setTimeout(resolve, POLL_PAUSE));
  }
}

let stripe = null;

/** Stripe.js, loaded once, from where the session says. */
export async function loadStripe({ stripeJsUrl, publishableKey }) {
  if (stripe) return stripe;
  await new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = stripeJsUrl;
    script.onload = resolve;
    script.onerror = () => reject(new Error('Stripe.js did not load'));
    document.head.append(script);
  });
  stripe = window.Stripe(publishableKey);
  return stripe;
}
