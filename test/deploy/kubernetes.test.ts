// What the Kubernetes manifests give the processes: the settings that they read, the rights that they need and no more.
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig as loadApiConfig } from '../../api/config.ts';
import { loadConfig as loadWorkerConfig } from '../../worker/config.ts';
import { textOf } from '../docs/pages.ts';

const BASE = 'deploy/kubernetes/base';
const EXAMPLE = 'deploy/kubernetes/example';

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef: { readonly name: string; readonly key: string; readonly optional?: boolean };
  };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly Variable[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly resources: { readonly [kind: string]: { readonly [what: string]: string } };
  readonly securityContext: object;
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly livenessProbe?: { readonly httpGet: { readonly path: string } };
  readonly readinessProbe?: { readonly httpGet: { readonly path: string } };
}

interface Pod {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: object;
  readonly containers: readonly Container[];
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly spec: Pod } };
}

type Settings = { readonly [name: string]: string };

let pods: { readonly [component: string]: Pod };
let settings: { readonly [configMap: string]: Settings };
beforeAll(() => {
  const files = readdirSync(BASE).filter(
    (name) => !/^(kustomization|config-map-references)\.yaml$/.test(name),
  );
  const resources = files.flatMap((name) =>
    parseAllDocuments(textOf(`${BASE}/${name}`)).map((document): Resource => document.toJS()),
  );
  const ofPods = resources.filter(({ kind }) => ['Deployment', 'WorkerDeployment', 'Job'].includes(kind));
  pods = Object.fromEntries(ofPods.map(({ metadata, spec }) => [metadata.name, spec.template.spec]));
  const [base, example] = [BASE, EXAMPLE].map(configMapsOf);
  settings = Object.fromEntries(
    Object.entries(base ?? {}).map(([name, own]) => [name, { ...own, ...example?.[name] }]),
  );
});

/** What a kustomization's generators put into each ConfigMap. */
function configMapsOf(folder: string): { readonly [name: string]: Settings } {
  const { configMapGenerator }: { configMapGenerator: { name: string; literals: string[] }[] } = parse(
    textOf(`${folder}/kustomization.yaml`),
  );
  const pair = (literal: string) => [
    literal.slice(0, literal.indexOf('=')),
    literal.slice(literal.indexOf('=') + 1),
  ];
  return Object.fromEntries(
    configMapGenerator.map(({ name, literals }) => [name, Object.fromEntries(literals.map(pair))]),
  );
}

const containerOf = (component: string): Container => {
  const [container] = pods[component]?.containers ?? [];
  if (!container) throw new Error(`no pod ${component}`);
  return container;
};

const configOf = (component: string): Settings =>
  Object.assign(
    {},
    ...(containerOf(component).envFrom ?? []).map(({ configMapRef }) => settings[configMapRef.name]),
  );

/** What Secrets would hold, by variable. */
const SECRETS: Settings = {
  DATABASE_URL: 'postgresql://role:password@database/offsession',
  STRIPE_SECRET_KEY: 'sk_live_1',
  STRIPE_READ_KEY: 'rk_live_1',
  STRIPE_WEBHOOK_SECRET: `whsec_${'w'.repeat(32)}`,
  MERCHANT_WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 1).toString('base64')}`,
  API_KEYS: `backend:read+charge+operate:${'k'.repeat(32)}`,
  LINK_SECRET: 'l'.repeat(32),
  PAYLOAD_KEYS: '',
};
/** What Temporal's worker controller adds. */
const BY_CONTROLLER = {
  TEMPORAL_ADDRESS: 'temporal-frontend.temporal.svc:7233',
  TEMPORAL_NAMESPACE: 'offsession',
  TEMPORAL_DEPLOYMENT_NAME: 'offsession/worker',
  TEMPORAL_WORKER_BUILD_ID: '0.1.0-5d8c',
};

/** The environment of a process; `keepOptional` false: as where no optional Secret was made. */
function environmentOf(component: string, { keepOptional = true } = {}): Settings {
  const fromSecrets = containerOf(component)
    .env.filter(({ valueFrom }) => keepOptional || valueFrom?.secretKeyRef.optional !== true)
    .map(({ name }) => [name, SECRETS[name] ?? '']);
  return { ...configOf(component), ...Object.fromEntries(fromSecrets) };
}

describe('the environment', () => {
  test('of the worker is complete, with real money too', () => {
    const config = loadWorkerConfig({ ...environmentOf('worker'), ...BY_CONTROLLER });
    expect(config).toMatchObject({
      metricsAddress: '0.0.0.0:9464',
      version: { deploymentName: 'offsession/worker', buildId: '0.1.0-5d8c' },
      temporal: { namespace: 'offsession' },
    });
    expect(config.merchantWebhook).not.toBeNull();
  });

  test('of the api is complete, with real money too', () => {
    expect(loadApiConfig(environmentOf('api'))).toMatchObject({
      host: '0.0.0.0',
      port: 3000,
      stripeReadKey: 'rk_live_1',
      temporal: { namespace: 'offsession' },
      app: { trustProxy: 1, publicUrl: 'https://pay.example.com' },
    });
  });

  test('does without what is optional', () => {
    loadApiConfig(environmentOf('api', { keepOptional: false }));
    const { MERCHANT_WEBHOOK_URL: _, ...rest } = environmentOf('worker', { keepOptional: false });
    loadWorkerConfig({ ...rest, ...BY_CONTROLLER });
  });

  test.each(['worker', 'api'])('of the %s sets nothing that its --help does not name', (component) => {
    const help = textOf(`${component}/main.ts`);
    const names = Object.keys(environmentOf(component)).filter((name) => !name.startsWith('TEMPORAL_'));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(help))).toEqual([]);
  });

  test('names every variable of the Compose file, but for the version, which the controller gives', () => {
    const compose: { services: { [name: string]: { environment: Settings } } } = parse(
      textOf('docker-compose.yml'),
      { merge: true },
    );
    for (const component of ['worker', 'api']) {
      const names = Object.keys({ ...environmentOf(component), ...BY_CONTROLLER });
      const inCompose = Object.keys(compose.services[component]?.environment ?? {});
      expect(inCompose.length).toBeGreaterThan(10);
      expect(
        inCompose.filter((name) => !names.includes(name)),
        component,
      ).toEqual([]);
    }
  });

  test('of the example sets only what the base lists', () => {
    const base = configMapsOf(BASE);
    const unknown = Object.entries(configMapsOf(EXAMPLE)).flatMap(([map, own]) =>
      Object.keys(own).filter((name) => base[map]?.[name] === undefined),
    );
    expect(unknown).toEqual([]);
  });

  test('has the secrets of a process in a Secret of its own, and none in the clear', () => {
    const secretsOf = (component: string) =>
      containerOf(component).env.map(
        ({ valueFrom }) => `${valueFrom?.secretKeyRef.name}/${valueFrom?.secretKeyRef.key}`,
      );
    expect(secretsOf('ledger-setup')).toEqual(['ledger-setup/DATABASE_URL']);
    expect(secretsOf('ops')).toEqual(['ops/DATABASE_URL', 'billing/PAYLOAD_KEYS']);
    expect(secretsOf('worker').filter((key) => !/^(worker|billing)\//.test(key))).toEqual([]);
    expect(secretsOf('api').filter((key) => !/^(api|billing)\//.test(key))).toEqual([]);
    expect(secretsOf('api').join()).not.toContain('STRIPE_SECRET_KEY');
    const inClear = Object.values(settings).flatMap((own) => Object.keys(own));
    expect(inClear.filter((name) => name in SECRETS)).toEqual([]);
  });
});

describe('every pod', () => {
  test('is one of those that are checked here', () => {
    expect(Object.keys(pods).toSorted()).toEqual(['api', 'ledger-setup', 'ops', 'worker']);
  });

  test('may write nowhere but in /tmp, gains no rights, has limits, and no account of Kubernetes', () => {
    for (const [name, pod] of Object.entries(pods)) {
      expect(pod, name).toMatchObject({
        serviceAccountName: name,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(pod.containers).toHaveLength(1);
      expect(containerOf(name), name).toMatchObject({
        image: expect.stringMatching(/^offsession:\d+\.\d+\.\d+$/),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        resources: {
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { cpu: expect.any(String), memory: expect.any(String) },
        },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      });
    }
  });

  test('of the release runs a program that the image has', () => {
    for (const name of ['worker', 'api', 'ledger-setup']) {
      const [program, script = ''] = containerOf(name).args;
      expect(program).toBe('node');
      textOf(script.replace(/^dist\//, '').replace(/\.js$/, '.ts'));
    }
  });

  test('has as much memory as in Compose', () => {
    const compose: { services: { [name: string]: { mem_limit: string } } } = parse(
      textOf('docker-compose.yml'),
      { merge: true },
    );
    const inCompose = (name: string) =>
      compose.services[name]?.mem_limit?.replace(/([mg])$/, (unit) => `${unit.toUpperCase()}i`);
    for (const name of Object.keys(pods))
      expect(containerOf(name).resources.limits?.memory, name).toBe(inCompose(name));
  });

  test('is given longer to end than its process takes at most', () => {
    const milliseconds = (file: string, name: string) =>
      Number(new RegExp(`const ${name} = ([\\d_]+);`).exec(textOf(file))?.[1]?.replaceAll('_', ''));
    const longest = {
      worker: milliseconds('worker/main.ts', 'LONGEST_SHUTDOWN_MS'),
      api: milliseconds('api/main.ts', 'LONGEST_CLOSE'),
    };
    for (const [name, longestMs] of Object.entries(longest)) {
      const pause = containerOf(name).lifecycle?.preStop.sleep.seconds ?? 0;
      const grace = pods[name]?.terminationGracePeriodSeconds ?? 0;
      expect(longestMs).toBeGreaterThan(0);
      expect((grace - pause) * 1000, name).toBeGreaterThan(longestMs);
    }
  });

  test('is asked for its health where there is an answer', () => {
    const routes = textOf('api/routes/health.ts');
    const { livenessProbe, readinessProbe } = containerOf('api');
    expect(routes).toContain(`'${livenessProbe?.httpGet.path}'`);
    expect(routes).toContain(`'${readinessProbe?.httpGet.path}'`);
    expect(livenessProbe?.httpGet.path).not.toBe(readinessProbe?.httpGet.path);
    expect(containerOf('worker').livenessProbe?.httpGet.path).toBe('/metrics');
  });
});
