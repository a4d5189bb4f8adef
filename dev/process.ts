// Supervises a process: starts it again whenever it ends, and kills it on request.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface Killable {
  /**
   * Sends SIGKILL, and starts it again after `downMs`. Resolves when it was seen dead and has been started again.
   * @throws Error when there was nothing to kill
   */
  kill(downMs: number): Promise<void>;
}

export interface Supervised extends Killable {
  /** Of the process as it runs now. */
  readonly pid: () => number;
  /** How often it ended by itself. */
  readonly endedByItself: () => number;
  /** The files that hold all of its output. */
  readonly logFiles: () => readonly string[];
  /** Sends SIGTERM, and later SIGKILL if it is still there. */
  stop(): Promise<void>;
}

const RESTART_MS = 500;
const STOP_WITHIN_MS = 15_000;
/** How long a kill waits for a process that has just ended by itself to be running again. */
const ALIVE_WITHIN_MS = 5_000;

/** Starts it. The log file takes its stdout and stderr, over all restarts. */
export function supervise(options: {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}): Supervised {
  const log = openSync(options.logFile, 'a');
  let isWanted = true;
  let isKilled = false;
  let endings = 0;
  let child: ChildProcess;

  const start = () => {
    isKilled = false;
    const started = spawn(options.command, options.args, { env: options.env, stdio: ['ignore', log, log] });
    child = started;
    started.once('exit', () => {
      if (isKilled || !isWanted) return;
      endings += 1;
      setTimeout(() => isWanted && !isKilled && child === started && start(), RESTART_MS);
    });
  };
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const untilRunning = async () => {
    const giveUpAt = Date.now() + ALIVE_WITHIN_MS;
    while (!isRunning()) {
      if (!isWanted || Date.now() > giveUpAt) throw new Error('there is no process to kill');
      await pause(20);
    }
  };

  start();
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    async kill(downMs) {
      await untilRunning();
      isKilled = true;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      const [, endedBy] = await ended;
      await pause(downMs);
      if (isWanted) start();
      if (endedBy !== 'SIGKILL') throw new Error('it ended by itself before the signal came');
    },
    pid: () => child.pid as number,
    endedByItself: () => endings,
    logFiles: () => [options.logFile],
    async stop() {
      isWanted = false;
      if (!isRunning()) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended.finally(() => clearTimeout(late));
    },
  };
}
