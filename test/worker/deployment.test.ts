// That what an operator copies and what Compose reads belong together.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

test('every variable that Compose asks for is explained in .env.example', async () => {
  const compose = await read('docker-compose.yml');
  const asked = [...compose.matchAll(/\$\{([A-Z_]+)|^ +([A-Z][A-Z_]+):$/gm)].map(
    (match) => match[1] ?? match[2],
  );
  const explained = [...(await read('.env.example')).matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1]);
  expect(asked).toContain('STRIPE_SECRET_KEY');
  expect(asked).toContain('MERCHANT_WEBHOOK_URL');
  expect(asked.filter((name) => !explained.includes(name))).toEqual([]);
});

test('every image has an exact version, and every port is of this machine only', async () => {
  const compose = await read('docker-compose.yml');
  const images = [...compose.matchAll(/image: (.+)$/gm)].map((match) => match[1]);
  expect(images).not.toEqual([]);
  expect(images.filter((image) => !/:\d+\.\d+(\.\d+)?(-[a-z]+)?$/.test(image ?? ''))).toEqual([]);
  const ports = [...compose.matchAll(/^ +- (\S+:\d+)$/gm)].map((match) => match[1]);
  expect(ports).toHaveLength(3);
  expect(ports.filter((port) => !port?.startsWith('127.0.0.1:'))).toEqual([]);
});
