// Runs Temporal's production server on loopback, all its services in one process, with its data in PostgreSQL.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { ensureSearchAttributes } from '../temporal/ensure-search-attributes.ts';
import { freePort } from './free-port.ts';
import { type Supervised, supervise } from './process.ts';
import { untilServing } from './temporal.ts';

const run = promisify(execFile);

export interface TemporalProcess extends Supervised {
  /** For people. */
  readonly name: string;
  /** The port on which it answers; it may be another one after a kill. */
  readonly port: () => number;
}

const VERSION = '1.32.0';
const MISSING = `the production server is not on PATH; with Go:
  go install go.temporal.io/server/cmd/server@v${VERSION}      and name the program temporal-server
  go install go.temporal.io/server/cmd/tools/sql@v${VERSION}   and name the program temporal-sql-tool`;

const HOST = '127.0.0.1';
const NAMESPACE = 'default';
/** As installations are to set it: docker-compose.yml. */
const DYNAMIC_CONFIG = fileURLToPath(new URL('../deploy/temporal.yaml', import.meta.url));
const HISTORY_SHARDS = 64;
const RETENTION = '3 days';
const READY_WITHIN_MS = 60_000;
const ALREADY_EXISTS = 6;

/**
 * Makes Temporal's databases and starts the server on them.
 * @param databaseUrl of any database on the server that is to hold them
 * @param folder takes its configuration and its log
 * @param dynamicConfig server settings by name, beside those that installations are to have
 * @returns once the namespace and the search attributes can be used, which may take a minute
 * @throws Error that says what to install
 */
export async function startProductionTemporal(
  databaseUrl: string,
  folder: string,
  dynamicConfig: Readonly<Record<string, unknown>> = {},
): Promise<TemporalProcess> {
  await run('temporal-server', ['--version']).catch((cause) => {
    throw new Error(MISSING, { cause });
  });
  const database = new URL(databaseUrl);
  await makeDatabase(database, 'temporal', 'temporal');
  await makeDatabase(database, 'temporal_visibility', 'visibility');

  // The same ports at every restart, so that the member that is back takes the place of the one that died.
  const services = {
    frontend: await ports(),
    history: await ports(),
    matching: await ports(),
    worker: await ports(),
  };
  const port = services.frontend.rpc.grpcPort;
  const address = `${HOST}:${port}`;
  const dynamicConfigFile = join(folder, 'temporal-dynamic.yaml');
  await writeFile(
    dynamicConfigFile,
    (await readFile(DYNAMIC_CONFIG, 'utf8')) + dynamicSettings(dynamicConfig),
  );
  const configFile = join(folder, 'temporal-server.yaml');
  await writeFile(configFile, JSON.stringify(configuration(database, services, address, dynamicConfigFile))); // JSON is YAML
  const server = supervise({
    command: 'temporal-server',
    args: ['--config-file', configFile, '--allow-no-auth', 'start'],
    env: { PATH: process.env.PATH },
    logFile: join(folder, 'temporal-server.log'),
  });
  try {
    await makeNamespace(address);
    await untilServing(address, [NAMESPACE], () => true);
    const connection = await Connection.connect({ address });
    await ensureSearchAttributes(connection, NAMESPACE).finally(() => connection.close());
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    name: `temporal-server ${VERSION} with PostgreSQL`,
    port: () => port,
    async kill(downMs) {
      await server.kill(downMs);
      await untilServing(address, [NAMESPACE], () => true);
    },
    pid: server.pid,
    endedByItself: server.endedByItself,
    logFiles: server.logFiles,
    stop: server.stop,
  };
}

async function ports() {
  return { rpc: { grpcPort: await freePort(), membershipPort: await freePort(), bindOnIP: HOST } };
}

async function makeDatabase(server: URL, name: string, schema: string): Promise<void> {
  const env = {
    PATH: process.env.PATH,
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: server.hostname,
    SQL_PORT: server.port,
    SQL_USER: server.username,
    SQL_PASSWORD: server.password,
    SQL_DATABASE: name,
  };
  const tool = (...args: string[]) => run('temporal-sql-tool', args, { env });
  await tool('create-database');
  await tool('setup-schema', '--version', '0.0');
  await tool('update-schema', '--schema-name', `postgresql/v12/${schema}`);
}

function dynamicSettings(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `\n${name}:\n  - value: ${JSON.stringify(value)}\n`)
    .join('');
}

function configuration(server: URL, services: object, address: string, dynamicConfigFile: string) {
  const store = (databaseName: string, connections: number) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: server.host,
      connectProtocol: 'tcp',
      user: server.username,
      password: server.password,
      maxConns: connections,
      maxIdleConns: connections,
    },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      numHistoryShards: HISTORY_SHARDS,
      defaultStore: 'default',
      visibilityStore: 'visibility',
      datastores: { default: store('temporal', 20), visibility: store('temporal_visibility', 10) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: HOST } },
    services,
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: address },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '60s' },
  };
}

async function makeNamespace(address: string): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      await connection.workflowService
        .registerNamespace({
          namespace: NAMESPACE,
          workflowExecutionRetentionPeriod: msToTs(RETENTION),
        })
        .finally(() => connection.close());
      return;
    } catch (error) {
      // The server may have made it and died, or answered too late.
      if (isGrpcServiceError(error) && error.code === ALREADY_EXISTS) return;
      if (Date.now() > giveUpAt) throw error;
      await pause(200);
    }
  }
}
