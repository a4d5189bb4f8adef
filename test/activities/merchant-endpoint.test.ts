// Where notices may go when real money moves: nowhere inside, whatever a name says.
import type { LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { expect, test } from 'vitest';
import { postToMerchant, publicLookup } from '../../activities/merchant-endpoint.ts';
import { isPrivateAddress } from '../../activities/private-address.ts';
import { freePort } from '../../dev/free-port.ts';

test.each([
  '127.0.0.1',
  '[::1]',
  'localhost',
  '10.0.0.8',
  '192.168.1.1',
  '169.254.169.254',
  '[fd00::1]',
  '0.0.0.0',
])('nothing is sent to %s', async (host) => {
  const url = `http://${host}:${await freePort()}/`;
  await expect(postToMerchant({ url, headers: {}, body: '', publicOnly: true })).rejects.toMatchObject({
    type: 'EndpointUnavailable',
    nonRetryable: false,
    message: 'the endpoint gave no answer: PRIVATE_ADDRESS',
  });
});

/** A name server that gives these addresses. */
const resolving = (...addresses: string[]) =>
  ((_name: string, options: { all?: boolean }, callback: (...answer: unknown[]) => void) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) callback(null, found);
    else callback(null, found[0]?.address, found[0]?.family);
  }) as unknown as typeof lookup;

function connectTo(resolve: typeof lookup, all: boolean): Promise<unknown> {
  const check: LookupFunction = publicLookup(resolve);
  return new Promise((settle) => {
    check('hooks.example', { all }, (error, found: string | LookupAddress[]) => settle(error?.code ?? found));
  });
}

test.each([true, false])(
  'the addresses that are connected to are the ones that were checked (all: %s)',
  async (all) => {
    expect(await connectTo(resolving('127.0.0.1'), all)).toBe('PRIVATE_ADDRESS');
    expect(await connectTo(resolving('::ffff:10.0.0.1'), all)).toBe('PRIVATE_ADDRESS');
    expect(await connectTo(resolving('8.8.8.8'), all)).toEqual(
      all ? [{ address: '8.8.8.8', family: 4 }] : '8.8.8.8',
    );
  },
);

test('one private address among public ones is enough to refuse them all', async () => {
  expect(await connectTo(resolving('8.8.8.8', '10.0.0.1'), true)).toBe('PRIVATE_ADDRESS');
});

test('a name that does not resolve is the look-up’s own fault', async () => {
  const failing = ((_name: string, _options: object, callback: (error: Error) => void) =>
    callback(Object.assign(new Error(), { code: 'ENOTFOUND' }))) as unknown as typeof lookup;
  expect(await connectTo(failing, true)).toBe('ENOTFOUND');
});

test.each([
  ['8.8.8.8', false],
  ['2606:4700::1111', false],
  ['100.64.0.1', true],
  ['172.31.255.255', true],
  ['172.32.0.1', false],
  ['fe80::1', true],
  ['::', true],
  ['224.0.0.1', true],
  ['64:ff9b::7f00:1', true], // 127.0.0.1 through NAT64
  ['64:ff9b::808:808', false],
  ['not an address', true],
])('%s is private: %s', (address, isOne) => {
  expect(isPrivateAddress(address)).toBe(isOne);
});
