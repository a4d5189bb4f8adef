// Whose `X-Forwarded-For` is believed, from TRUST_PROXY: it decides which address the evidence of a consent names.
import { isIP } from 'node:net';
import { type Environment, entriesOf } from '../config/environment.ts';

/** Nobody's, that of so many hops, or that of these addresses and networks. */
export type TrustProxy = false | number | string[];

/** No api has more proxies in front of it; trusting more lets whoever sends the header choose the address. */
const MOST_HOPS = 5;

const INSTEAD = `give the number of proxies in front of the api (1 to ${MOST_HOPS}), or their addresses, such as 10.0.0.0/8`;

export function trustProxy(environment: Environment): TrustProxy {
  const text = environment.text('TRUST_PROXY');
  if (text === '' || text === 'false') return false;
  if (/^\d+$/.test(text)) {
    if (Number(text) > MOST_HOPS)
      environment.faults.push(`TRUST_PROXY must not trust more than ${MOST_HOPS} hops: ${INSTEAD}`);
    return Number(text);
  }
  const proxies = entriesOf(text);
  if (text === 'true' || proxies.some((proxy) => /\/0+$/.test(proxy)))
    environment.faults.push(`TRUST_PROXY must not believe everybody: ${INSTEAD}`);
  else if (!proxies.every(isAddressOrNetwork))
    environment.faults.push(`TRUST_PROXY must be a number or addresses: ${INSTEAD}`);
  return proxies;
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  const isLength = bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= longest);
  return isIP(address) !== 0 && rest.length === 0 && isLength;
}
