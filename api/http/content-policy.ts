// Which code, frames and connections the customer's pages may load.
import type { AppConfig } from '../config.ts';

/** Our own files, and Stripe.js with what it loads (docs.stripe.com/security/guide#content-security-policy). */
export function contentPolicy({ jsUrl, apiBase }: AppConfig['stripe']) {
  const script = new URL(jsUrl).origin;
  const isStripe = apiBase === null;
  const frames = isStripe ? ['https://*.js.stripe.com', 'https://hooks.stripe.com'] : [apiBase];
  return {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'", script, ...(isStripe ? ['https://*.js.stripe.com'] : [])],
    frameSrc: [script, ...frames],
    connectSrc: ["'self'", isStripe ? 'https://api.stripe.com' : apiBase],
    imgSrc: ["'self'", 'data:', ...(isStripe ? ['https://*.stripe.com'] : [])],
    styleSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
  };
}
