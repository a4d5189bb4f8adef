// Runs Temporal's development server as a child process, for one machine and one person.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { type SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import getPort, { portNumbers } from 'get-port';
import { freePort } from './free-port.ts';
import { findTemporal } from './temporal-binary.ts';

export interface TemporalOptions {
  /** Where workflows are kept between starts; absent: in memory. */
  readonly dataDir?: string;
  /** Made besides `default`. */
  readonly namespaces?: readonly string[];
  /** Usable in every namespace from the start. */
  readonly searchAttributes: readonly { readonly name: string; readonly type: SearchAttributeType }[];
  readonly ui: boolean;
  /** Preferred; where it is taken, the next free one is used. Absent: any free one. */
  readonly port?: number;
  readonly uiPort?: number;
  /** Server settings by name, over the ones below. */
  readonly dynamicConfig?: Readonly<Record<string, unknown>>;
  /** Called with what is being waited for, one line at a time. */
  readonly onProgress: (line: string) => void;
}

export interface TemporalServer {
  /** `host:port` for clients and workers. */
  readonly address: string;
  readonly uiUrl?: string;
  readonly pid: number;
  /** Ends the server; workers should have drained before. Calling it again does nothing. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would, and leaves its files. */
  kill(): Promise<void>;
}

const HOST = '127.0.0.1';
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 10_000;
const LOG_LINES_SHOWN = 30;

const DYNAMIC_CONFIG = {
  'frontend.WorkflowTimeSkippingEnabled': true,
  // How late a timer may fire. By default a second, which every skipped timer would cost.
  'history.timerProcessorMaxTimeShift': '20ms',
  // Otherwise a run that continues as new within a second is delayed, and under time skipping every run is.
  'history.workflowIdReuseMinimalInterval': '0s',
};

/**
 * Waits for the parent: a line on descriptor 3 means that all is well, its end without one that the
 * parent died, and the server, which has taken over the shell's own process id, must not outlive it.
 */
const WITH_PARENT = '(read -r _ <&3 || kill -TERM $$) & exec "$@" 3<&-';

/**
 * Starts a server and returns when it serves all its namespaces. It lives in a session of its own,
 * so that Ctrl-C reaches the workers first, and it ends with this process however that ends.
 * @throws Error with the end of the server's log when it does not come up
 */
export async function startTemporal(options: TemporalOptions): Promise<TemporalServer> {
  const binary = await findTemporal({ onProgress: options.onProgress });
  const port = await portFrom(options.port);
  const uiPort = options.ui ? await portFrom(options.uiPort) : null;
  if (options.dataDir) await mkdir(options.dataDir, { recursive: true });
  const logDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'offsession-temporal-')));
  const logPath = join(logDir, 'temporal.log');

  options.onProgress('Starting Temporal');
  const log = await open(logPath, 'w');
  const child = spawn(
    '/bin/sh',
    ['-c', WITH_PARENT, 'sh', binary, ...serverArguments(options, port, uiPort)],
    {
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
    },
  );
  const leash = child.stdio[3] as Socket;
  leash.on('error', () => {}); // the server is gone; its exit is what counts
  const ended = once(child, 'exit').finally(() => leash.end('\n'));
  ended.catch(() => {}); // seen below, through `running`
  child.unref();
  leash.unref();
  await log.close();

  const running = () => child.exitCode === null && child.signalCode === null;
  async function stop(): Promise<void> {
    if (running()) {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended.finally(() => clearTimeout(late));
    }
    if (!options.dataDir) await rm(logDir, { recursive: true, force: true });
  }

  async function kill(): Promise<void> {
    if (!running()) return;
    child.kill('SIGKILL');
    await ended;
  }

  const address = `${HOST}:${port}`;
  try {
    await untilServing(address, ['default', ...(options.namespaces ?? [])], running);
  } catch (error) {
    const tail = (await readFile(logPath, 'utf8')).trimEnd().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
    await stop();
    throw new Error(`Temporal (${binary}) did not start; the end of its log:\n${tail}`, { cause: error });
  }
  return {
    address,
    pid: child.pid as number,
    ...(uiPort ? { uiUrl: `http://${HOST}:${uiPort}` } : {}),
    stop,
    kill,
  };
}

function serverArguments(options: TemporalOptions, port: number, uiPort: number | null): string[] {
  const config = Object.entries({ ...DYNAMIC_CONFIG, ...options.dynamicConfig });
  return [
    ...['server', 'start-dev', '--ip', HOST, '--port', String(port)],
    ...(uiPort ? ['--ui-port', String(uiPort), '--ui-disable-news-fetch'] : ['--headless']),
    ...(options.dataDir ? persistence(options.dataDir) : []),
    ...(options.namespaces ?? []).flatMap((name) => ['--namespace', name]),
    ...options.searchAttributes.flatMap(({ name, type }) => [
      '--search-attribute',
      `${name}=${TypedSearchAttributes.toMetadataType(type)}`,
    ]),
    ...config.flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${JSON.stringify(value)}`]),
  ];
}

/** With SQLite's own defaults a hundred workflows take two to three times as long. */
function persistence(dataDir: string): string[] {
  const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'];
  return [
    '--db-filename',
    join(dataDir, 'temporal.db'),
    ...pragmas.flatMap((pragma) => ['--sqlite-pragma', pragma]),
  ];
}

function portFrom(preferred: number | undefined): Promise<number> {
  if (!preferred) return freePort();
  return getPort({ host: HOST, port: portNumbers(preferred, Math.min(preferred + 100, 65_535)) });
}

/**
 * The port answers before its namespaces do, so each of them is asked.
 * @throws what was wrong last, after a minute or once nothing is `running`
 */
export async function untilServing(
  address: string,
  namespaces: readonly string[],
  running: () => boolean,
): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000 });
      try {
        for (const namespace of namespaces) {
          await connection.workflowService.describeNamespace({ namespace });
          await connection.workflowService.countWorkflowExecutions({ namespace });
        }
      } finally {
        await connection.close();
      }
      return;
    } catch (error) {
      if (!running() || Date.now() > giveUpAt) throw error;
      await pause(50);
    }
  }
}
