// CPU time of a process and its children, those that have ended included.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { meter, total } from './cpu.ts';

const BUSY = `for (let index = 0; index < 2e8; index += 1);`;
/** What the counting itself costs, and half a tick on both sides. */
const TOLERANCE_MS = 60;

/** A process that runs `script` once it is told to, and says how much CPU time it has used for it, milliseconds. */
async function told(script: string) {
  const run = `const before = process.cpuUsage(); ${script}; const { user, system } = process.cpuUsage(before);`;
  const wait = `process.stdin.once('data', () => { ${run} console.log((user + system) / 1000); });`;
  const child = spawn(process.execPath, ['-e', `${BUSY} console.log('ready'); ${wait}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return {
    pid: child.pid as number,
    async run() {
      child.stdin.write('go');
      const [said] = await once(child.stdout, 'data');
      return Number(said);
    },
  };
}

test('what a process uses is counted, and not what it used before', async () => {
  const busy = await told(BUSY);
  const read = meter({ busy: busy.pid });
  const saidMs = await busy.run();
  const { busy: countedMs = 0 } = read();
  expect(Math.abs(countedMs - saidMs)).toBeLessThan(TOLERANCE_MS);
});

test('a child that has come and gone counts as its parent', async () => {
  const child = `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(BUSY)}])`;
  const parent = await told(child);
  const read = meter({ parent: parent.pid });
  const ofParentAloneMs = await parent.run();
  expect(total(read())).toBeGreaterThan(ofParentAloneMs + TOLERANCE_MS);
});

test('a process that is gone is an error, and not a zero', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect(() => meter({ gone: child.pid as number })).toThrow('has ended');
});
