// Whose `X-Forwarded-For` is believed, from TRUST_PROXY: it decides which address the evidence of a consent names.
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Environment, entriesOf } from '../config/environment.ts';

/** Nobody's, that of so many hops, or that of these addresses and networks. */
export type TrustProxy = false | number | string[];

/** No api has more proxies in front of it; trusting more lets whoever sends the header choose the address. */
const MOST_HOPS = 5;

/** Bits of the largest network that holds anybody's proxies: 10.0.0.0/8. Two halves of the internet are all of it. */
const SHORTEST_PREFIX = 8;
/** Every IPv4 address is also an IPv6 one, in this network. */
const IPV4_IN_IPV6 = { network: '::ffff:0:0', bits: 96 };

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
  if (text !== 'true' && !proxies.every(isAddressOrNetwork))
    environment.faults.push(`TRUST_PROXY must be a number or addresses: ${INSTEAD}`);
  else if (text === 'true' || proxies.some(holdsTooMany))
    environment.faults.push(`TRUST_PROXY must not believe everybody: ${INSTEAD}`);
  return proxies;
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  const isLength = bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= longest);
  return isIP(address) !== 0 && rest.length === 0 && isLength;
}

function holdsTooMany(text: string): boolean {
  const [address = '', length] = text.split('/');
  if (length === undefined) return false;
  const bits = Number(length);
  if (isIP(address) === 4) return bits < SHORTEST_PREFIX;
  const [mapped, network] = [ipaddr.IPv6.parse(IPV4_IN_IPV6.network), ipaddr.IPv6.parse(address)];
  const isMapped = mapped.match(network, Math.min(bits, IPV4_IN_IPV6.bits));
  return bits < (isMapped ? IPV4_IN_IPV6.bits + SHORTEST_PREFIX : SHORTEST_PREFIX);
}
