// Who may import whom. `npm run check` holds every arrow, and that there is no circle.

/** Folders of the product and of its tools; `test` may import all of them. */
const ROOMS =
  'activities|api|bench|chaos|config|dev|domain|emulator|ledger|links|ops|parity|simulate|stripe|temporal|test|web|worker|workflows';

/** Npm packages that only some rooms may know. */
const packages = (...names) => `node_modules/(${names.join('|')})/`;
const TEMPORAL_CLIENT = '@temporalio/client';
const TEMPORAL_WORKFLOW = '@temporalio/workflow';
const TEMPORAL_WORKER = '@temporalio/worker';
const TEMPORAL_ACTIVITY = '@temporalio/activity';
const ALL_OF_TEMPORAL = '@temporalio/[^/]+';

/** `room` imports of ours only what `may` matches, and none of the packages in `never`. */
function room(name, { may, never = [] }) {
  const rules = [
    {
      name: `${name}-imports`,
      comment: `${name}/ imports of ours only: ${may.join(', ') || 'nothing'}`,
      severity: 'error',
      from: { path: `^${name}/` },
      to: { path: `^(${ROOMS})/`, pathNot: [`^${name}/`, ...may.map((path) => `^${path}`)] },
    },
  ];
  if (never.length > 0) {
    rules.push({
      name: `${name}-packages`,
      comment: `${name}/ knows none of these packages`,
      severity: 'error',
      from: { path: `^${name}/` },
      to: { path: packages(...never) },
    });
  }
  return rules;
}

/** Inside domain/ the arrows go model ← shared ← subjects ← root, and no subject imports another. */
const SUBJECTS = 'charge|enrolment|refunds|disputes';

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      comment: 'domain/ imports only itself: no package, no Node module',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: '^domain/' },
    },
    {
      name: 'domain-model',
      comment: 'domain/model/ has shapes only',
      severity: 'error',
      from: { path: '^domain/model/' },
      to: { path: '^domain/', pathNot: '^domain/model/' },
    },
    {
      name: 'domain-shared',
      severity: 'error',
      from: { path: '^domain/shared/' },
      to: { path: '^domain/', pathNot: '^domain/(model|shared)/' },
    },
    {
      name: 'domain-subjects',
      comment: 'a subject imports model, shared and itself',
      severity: 'error',
      from: { path: `^domain/(${SUBJECTS})/` },
      to: { path: '^domain/', pathNot: ['^domain/(model|shared)/', '^domain/$1/'] },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'workflow code runs in a sandbox without Node and without the network',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypes: ['core'] },
    },
    ...room('workflows', {
      may: ['domain/', 'activities/index\\.ts'],
      never: ['stripe', 'fastify', TEMPORAL_CLIENT, TEMPORAL_WORKER, TEMPORAL_ACTIVITY],
    }),
    ...room('ledger', { may: ['domain/'], never: ['stripe', 'fastify', ALL_OF_TEMPORAL] }),
    ...room('links', { may: ['domain/'], never: ['stripe', 'fastify', ALL_OF_TEMPORAL] }),
    ...room('stripe', {
      may: ['domain/', 'ledger/ledger\\.ts'],
      never: ['fastify', TEMPORAL_CLIENT, TEMPORAL_WORKER, TEMPORAL_WORKFLOW],
    }),
    ...room('temporal', {
      may: ['domain/', 'workflows/messages\\.ts'],
      never: ['stripe', 'fastify', TEMPORAL_WORKER],
    }),
    ...room('config', {
      may: ['domain/(model|shared)/', 'stripe/api-keys\\.ts', 'temporal/(address|payload-keys)\\.ts'],
      never: ['stripe', 'fastify'],
    }),
    ...room('activities', {
      may: ['domain/', 'ledger/', 'links/', 'stripe/'],
      never: ['fastify', TEMPORAL_CLIENT, TEMPORAL_WORKER, TEMPORAL_WORKFLOW],
    }),
    ...room('api', {
      may: ['domain/', 'config/', 'ledger/', 'links/', 'stripe/', 'temporal/', 'workflows/messages\\.ts'],
      never: [TEMPORAL_WORKER, TEMPORAL_WORKFLOW, TEMPORAL_ACTIVITY],
    }),
    ...room('worker', {
      may: [
        'activities/(index|merchant-endpoint|private-address)\\.ts',
        'config/',
        'ledger/',
        'links/',
        'stripe/',
        'temporal/',
        'workflows/',
      ],
      never: ['fastify'],
    }),
    ...room('ops', {
      may: ['config/', 'domain/', 'ledger/', 'temporal/', 'workflows/messages\\.ts'],
      never: ['fastify', 'stripe', TEMPORAL_WORKER],
    }),
    ...room('emulator', { may: [], never: [ALL_OF_TEMPORAL] }),
    ...room('parity', { may: ['emulator/app\\.ts'], never: [ALL_OF_TEMPORAL] }),
    ...room('simulate', { may: ['config/', 'domain/'], never: ['stripe', 'fastify', ALL_OF_TEMPORAL] }),
    ...room('web', { may: [] }),
    ...room('dev', { may: ['(?!test/|chaos/|bench/|ops/|parity/|web/)'] }),
    ...room('chaos', { may: ['(?!bench/|web/)'] }),
    ...room('bench', { may: ['dev/', 'stripe/client\\.ts', 'workflows/messages\\.ts'] }),
    {
      name: 'emulator-is-a-stand-in',
      comment: 'the product never imports the emulator',
      severity: 'error',
      from: { pathNot: '^(emulator|dev|test|chaos|bench|parity)/' },
      to: { path: '^emulator/' },
    },
    {
      name: 'product-imports-no-tools',
      severity: 'error',
      from: {
        path: '^(activities|api|config|domain|ledger|links|ops|stripe|temporal|web|worker|workflows)/',
      },
      to: { path: '^(bench|chaos|dev|parity|simulate|test)/' },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true, // imports of types are arrows too
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|test/replay/histories)/' },
  },
};
