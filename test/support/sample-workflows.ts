// A worker, in a namespace of its own, for the small workflows on which tests try Temporal itself.
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { inject } from 'vitest';
import { takeNamespace } from './namespace.ts';

export async function startSampleWorkflows(
  options: Pick<WorkerOptions, 'activities' | 'dataConverter'> & { readonly taskQueue: string },
): Promise<{ client: Client; stop(): Promise<void> }> {
  const namespace = await takeNamespace();
  const address = inject('temporalAddress');
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    ...options,
    connection: nativeConnection,
    namespace,
    workflowsPath: fileURLToPath(new URL('../e2e/sample-workflows.ts', import.meta.url)),
  });
  const running = worker.run();
  return {
    client: new Client({ connection, namespace }),
    async stop() {
      worker.shutdown();
      await running;
      await nativeConnection.close();
      await connection.close();
    },
  };
}
