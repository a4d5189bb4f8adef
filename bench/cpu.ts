// What the operating system says of processes: the CPU time they have used, and their memory. Linux only.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** CPU milliseconds by process. */
export type Cpu = Readonly<Record<string, number>>;

/** The first process of each; its children count as it. */
export type Pids = Readonly<Record<string, number>>;

const TICK_MS = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** The fields of /proc/PID/stat after the name (proc_pid_stat(5)). */
const PARENT = 1;
const OWN = [11, 12];
const ENDED_CHILDREN = [13, 14];

/** CPU that these processes have used so far: their own, that of living children, and of children that have ended. */
export function cpuOf(pids: Pids): Cpu {
  const living = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [statOf(Number(name))] : []));
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => {
      const self = statOf(pid);
      if (self === null) throw new Error(`${name} (process ${pid}) has ended`);
      const children = living.filter((stat) => stat?.[PARENT] === pid);
      const ticks =
        sum(self, [...OWN, ...ENDED_CHILDREN]) +
        children.reduce((all, stat) => all + sum(stat ?? [], OWN), 0);
      return [name, ticks * TICK_MS];
    }),
  );
}

/** Starts to count; the function returned says how much was used since, by process. */
export function meter(pids: Pids): () => Cpu {
  const before = cpuOf(pids);
  return () => {
    const after = cpuOf(pids);
    return Object.fromEntries(Object.entries(after).map(([name, ms]) => [name, ms - (before[name] ?? 0)]));
  };
}

/** Resident memory of a process, without its children, MiB. */
export function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** Busy time of the whole machine so far, milliseconds of all its processors. */
export function machineBusyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)
    .join()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * TICK_MS;
}

export function total(cpu: Cpu): number {
  return Object.values(cpu).reduce((all, ms) => all + ms, 0);
}

/** Null where there is no such process (any more). */
function statOf(pid: number): number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return null;
  }
}

function sum(stat: readonly number[], fields: readonly number[]): number {
  return fields.reduce((all, field) => all + (stat[field] ?? 0), 0);
}
