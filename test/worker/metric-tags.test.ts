// What a worker's metrics say about its version.
import { expect, test } from 'vitest';
import { loadConfig } from '../../worker/config.ts';
import { metricTags } from '../../worker/metric-tags.ts';

const COMPLETE = {
  STRIPE_SECRET_KEY: 'sk_test_1',
  DATABASE_URL: 'postgresql://u:p@127.0.0.1/ledger',
  LINK_SECRET: 'a'.repeat(32),
  PUBLIC_URL: 'https://pay.example.com',
  TEMPORAL_NAMESPACE: 'billing',
};

test('a version’s metrics carry the labels by which the worker controller has them looked up', () => {
  const version = { TEMPORAL_DEPLOYMENT_NAME: 'offsession/worker', TEMPORAL_WORKER_BUILD_ID: '0.1.0-5d8c' };
  expect(metricTags(loadConfig({ ...COMPLETE, ...version }))).toEqual({
    temporal_worker_deployment_name: 'offsession_worker',
    temporal_worker_build_id: '0.1.0-5d8c',
    temporal_namespace: 'billing',
  });
});

test('a worker without a version has no such labels', () => {
  expect(metricTags(loadConfig(COMPLETE))).toEqual({});
});
