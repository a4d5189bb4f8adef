// What is installed and shipped: it runs on the Node that is asked for, may be used, and is confined.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { minVersion, satisfies } from 'semver';
import { beforeAll, describe, expect, test } from 'vitest';

/** Licences under which anybody may use, change and ship. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT OR Apache-2.0',
  'Python-2.0',
  'Unlicense',
]);
const ONLY_FOR_DEVELOPMENT = new Set(['MPL-2.0']);
/** What their own files say, where the manifest says something else or nothing. */
const READ_BY_HAND: { readonly [name: string]: string } = {
  'caniuse-lite': 'CC-BY-4.0, of data that is used at build time and not changed',
  unionfs: 'Unlicense, by its LICENSE file',
};

interface Package {
  readonly version: string;
  readonly license?: string;
  readonly engines?: { readonly node?: string };
  readonly dev?: boolean;
}

const read = (path: string) => readFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

let packages: readonly (readonly [name: string, Package])[];
let dockerfile: string;
beforeAll(async () => {
  const lock: { packages: { [path: string]: Package } } = JSON.parse(await read('package-lock.json'));
  packages = Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, each]) => [`${path.split('node_modules/').at(-1)} ${each.version}`, each]);
  dockerfile = await read('Dockerfile');
});

describe('every package', () => {
  test('runs on the oldest Node that is asked for, and on the one of the image', async () => {
    const { engines } = JSON.parse(await read('package.json'));
    const oldest = minVersion(engines.node)?.version ?? '';
    const [, ofImage = ''] = /^FROM node:([\d.]+)-/m.exec(dockerfile) ?? [];
    expect([oldest, ofImage]).toEqual([expect.stringMatching(/^20\./), expect.stringMatching(/^24\./)]);
    const unfit = packages.filter(
      ([, { engines }]) =>
        engines?.node !== undefined &&
        ![oldest, ofImage].every((node) => satisfies(node, engines.node ?? '*')),
    );
    expect(unfit.map(([name, { engines }]) => `${name} needs Node ${engines?.node}`)).toEqual([]);
  });

  test('has a licence of the list', () => {
    const others = packages.filter(([name, { license = 'none', dev = false }]) => {
      const isKnown = LICENCES.has(license) || READ_BY_HAND[name.split(' ')[0] ?? ''] !== undefined;
      return !isKnown && !(dev && ONLY_FOR_DEVELOPMENT.has(license));
    });
    expect(others.map(([name, { license }]) => `${name}: ${license}`)).toEqual([]);
  });
});

describe('the images', () => {
  test('are built without any package’s scripts, and without what only development needs', async () => {
    const installs = dockerfile.match(/npm (ci|install).*/g) ?? [];
    expect(installs).toHaveLength(2);
    for (const install of installs) expect(install).toContain('--ignore-scripts');
    expect(installs.at(-1)).toContain('--omit=dev');
    const { dependencies } = JSON.parse(await read('package.json'));
    expect(Object.keys(dependencies)).not.toContain('tsx');
  });

  test('of the product holds no emulator', () => {
    const product = dockerfile.slice(dockerfile.indexOf('AS offsession'));
    expect(dockerfile).toContain('mv dist/emulator /emulator');
    expect(product).toContain('COPY --from=build /app/dist dist');
    expect(product).not.toContain('/emulator');
  });

  test('and those of others are pinned to a whole version', async () => {
    const images = [...(await read('docker-compose.yml')).matchAll(/^ +image: (.+)$/gm)].map(
      ([, image]) => image,
    );
    expect(images.length).toBeGreaterThan(5);
    for (const image of [...images, ...(dockerfile.match(/(?<=^FROM )node:\S+/gm) ?? [])])
      expect(image).toMatch(/:\d+\.\d+(\.\d+)?(-[a-z]+)*$/);
  });
});

describe('each container', () => {
  let services: { readonly [name: string]: string };
  beforeAll(async () => {
    const compose = await read('docker-compose.yml');
    const [, all = ''] = /^services:\n([\s\S]*?)^volumes:/m.exec(compose) ?? [];
    const parts = all.split(/^ {2}([a-z-]+):\n/m).slice(1);
    services = Object.fromEntries(
      parts.flatMap((name, index) => (index % 2 === 0 ? [[name, parts[index + 1] ?? '']] : [])),
    );
  });

  test('may write nowhere but where it must, gains no rights, and has limits', async () => {
    const compose = await read('docker-compose.yml');
    const [, hardened = ''] = /^x-hardened: &hardened\n((?: {2}.+\n)+)/m.exec(compose) ?? [];
    for (const setting of [
      'read_only: true',
      'cap_drop: [ALL]',
      'no-new-privileges:true',
      'mem_limit',
      'cpus',
      'pids_limit',
    ])
      expect(hardened).toContain(setting);
    expect(Object.keys(services)).toEqual(
      expect.arrayContaining(['postgres', 'temporal', 'temporal-ui', 'worker', 'api']),
    );
    for (const [name, text] of Object.entries(services)) {
      expect(text, name).toMatch(/^ {4}<<: \*(hardened|offsession)$/m);
      expect(text, name).not.toMatch(/privileged: true|read_only: false|network_mode|user: (root|"?0)/);
    }
  });

  test('is on the networks it needs, and only those for people publish a port, on this machine', () => {
    const networksOf = (name: string) => /^ {4}networks: \[(.*)\]$/m.exec(services[name] ?? '')?.[1];
    expect(networksOf('postgres')).toBe('database');
    expect(networksOf('temporal-ui')).toBe('temporal, temporal-ui');
    expect(networksOf('temporal-ui-login')).toBe('temporal-ui, outside');
    const publishing = Object.entries(services).filter(([, text]) => text.includes('ports:'));
    expect(publishing.map(([name]) => name).sort()).toEqual(['api', 'emulator', 'temporal-ui-login']);
    for (const [, text] of publishing) expect(text).toMatch(/ports:\n {6}- 127\.0\.0\.1:\d+:\d+\n/);
  });

  test('the Temporal UI takes no write action unless somebody asks for it', () => {
    expect(services['temporal-ui']).toMatch(/TEMPORAL_DISABLE_WRITE_ACTIONS: \$\{\w+:-true\}/);
  });
});
