// A process that is started again whenever it ends, as a supervisor would, and that may be killed. It knows no product.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface Killable {
  /**
   * SIGKILL, and the next start after so long. Resolves when it was seen dead and has been started again.
   * @throws Error when there was nothing to kill
   */
  kill(downMs: number): Promise<void>;
}

export interface Supervised extends Killable {
  /** How often it ended without being told to. */
  readonly endedByItself: () => number;
  /** Where all that it said can be read. */
  readonly logFiles: () => readonly string[];
  /** SIGTERM, and SIGKILL to what does not go. */
  stop(): Promise<void>;
}

const RESTART_MS = 500;
const STOP_WITHIN_MS = 15_000;
/** What has just ended by itself is waited for before it is killed. */
const ALIVE_WITHIN_MS = 5_000;

/** Starts it; the log takes both of its outputs, over all its lives. */
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
