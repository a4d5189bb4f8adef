// The merchant's endpoint for notices, from MERCHANT_WEBHOOK_URL and MERCHANT_WEBHOOK_SECRET.
import type { MerchantWebhook } from '../activities/merchant-endpoint.ts';
import { isPrivateHost } from '../activities/private-address.ts';
import type { Environment, Rule } from '../config/environment.ts';
import { isHttpAddress } from '../config/rules.ts';

const ENDPOINT: Rule = {
  must: 'be an http(s) address without user name and password',
  isRight: (url) => isHttpAddress(url) && new URL(url).username === '' && new URL(url).password === '',
};

const SECRET: Rule = {
  must: 'be whsec_ and at least 24 bytes in base64: echo "whsec_$(openssl rand -base64 32)" makes one',
  isRight: (secret) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret),
};

/** Null when neither is set: then nobody is notified. */
export function merchantWebhook(
  environment: Environment,
  { isLive }: { readonly isLive: boolean },
): MerchantWebhook | null {
  const { faults } = environment;
  const url = environment.optional('MERCHANT_WEBHOOK_URL', ENDPOINT);
  const secret = environment.optional('MERCHANT_WEBHOOK_SECRET', SECRET);
  if ((url === null) !== (secret === null))
    faults.push('MERCHANT_WEBHOOK_URL and MERCHANT_WEBHOOK_SECRET go together: set both or none');
  if (isLive && url !== null && ENDPOINT.isRight(url)) {
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:')
      faults.push('MERCHANT_WEBHOOK_URL must be an https address with live Stripe keys');
    if (isPrivateHost(hostname))
      faults.push('MERCHANT_WEBHOOK_URL must not be a private address with live Stripe keys');
  }
  return url === null || secret === null ? null : { url, secret, publicOnly: isLive };
}
