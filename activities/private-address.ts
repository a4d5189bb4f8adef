// Which network addresses nobody outside should make us call: loopback, private and every other special range.
import ipaddr from 'ipaddr.js';

/** @param address an IPv4 or IPv6 address; text that is neither counts as private */
export function isPrivateAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  // NAT64 (RFC 6052): the IPv4 address that is called is in the last four bytes.
  if (range === 'rfc6052') return isPrivateAddress(parsed.toByteArray().slice(12).join('.'));
  return range !== 'unicast';
}

/** Whether a URL's host is a private address or a name for this machine; what another name resolves to is not asked. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && isPrivateAddress(host);
}
