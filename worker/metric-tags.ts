// What every metric of a worker with a version says about it, so that an autoscaler can tell versions apart.
import type { WorkerConfig } from './config.ts';

/**
 * Under the names, and with the values, by which Temporal's worker controller asks for a version's metrics
 * (github.com/temporalio/temporal-worker-controller): they are values of Kubernetes labels, and so without a slash.
 * @returns nothing for a worker without a version
 */
export function metricTags({ version, temporal }: WorkerConfig): Record<string, string> {
  if (version === null) return {};
  return {
    temporal_worker_deployment_name: version.deploymentName.replaceAll('/', '_'),
    temporal_worker_build_id: version.buildId,
    temporal_namespace: temporal.namespace,
  };
}
