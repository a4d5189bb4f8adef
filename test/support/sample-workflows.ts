// A worker, in a namespace of its own, for the small workflows on which tests try Temporal itself.
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { takeNamespace } from './namespace.ts';

/** @param namespace absent: one of its own */
export async function startSampleWorkflows(
  options: Pick<WorkerOptions, 'activities' | 'dataConverter'> & { readonly taskQueue: string },
  namespace?: string,
): Promise<{ client: Client; stop(): Promise<void> }> {
  const its = namespace ?? (await takeNamespace());
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    ...options,
    connection: nativeConnection,
    namespace: its,
    workflowsPath: fileURLToPath(new URL('../e2e/sample-workflows.ts', import.meta.url)),
  });
  const running = worker.run();
  return {
    client: new Client({ connection, namespace: its }),
    async stop() {
      worker.shutdown();
      await running;
      await nativeConnection.close();
      await connection.close();
    },
  };
}
