// What a CI run ends with: what ran beside the tests, then everything that failed by name, then `N passed, N failed`.
// Usage: summary.mjs FOLDER NAME…, where FOLDER has NAME.log and NAME.exit of each, of which `tests` has report.json.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** A log is mostly read from its end, so what failed has to fit there. */
const LINES_FOR_ALL_TESTS = 48;
const LINES_FOR_ONE_TEST = 8;
const LINES_OF_A_LOG = 40;
/** An assertion of a large value prints it on one line. */
const WIDTH = 300;

const TESTS = 'tests';
const [folder, ...names] = process.argv.slice(2);
const runs = names.map((name) => ({
  name,
  isFailed: contentOf(`${name}.exit`).trim() !== '0',
  lines: linesOf(contentOf(`${name}.log`)),
}));
const beside = runs.filter(({ name }) => name !== TESTS);
const tests = reportedTests();
const failures = [...tests.failed, ...runs.filter(({ isFailed }) => isFailed).flatMap(asFailure)];

for (const { name, lines } of beside) print(`=== ${name}`, ...lines, '');
for (const { title, lines } of failures.filter(({ isTest }) => !isTest))
  print(`=== The last lines of ${title}`, ...lines, '');

const failedTests = failures.filter(({ isTest }) => isTest);
const linesForEach = Math.floor(LINES_FOR_ALL_TESTS / Math.max(1, failedTests.length)) - 1;
for (const { title, lines } of failedTests)
  print(
    `FAILED ${title}`,
    ...lines.slice(0, Math.max(0, Math.min(LINES_FOR_ONE_TEST, linesForEach))).map(indented),
  );
for (const { title } of failures.filter(({ isTest }) => !isTest)) print(`FAILED ${title}`);
print(
  `${tests.passed + beside.filter(({ isFailed }) => !isFailed).length} passed, ${failures.length} failed`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

/** What the tests' report says; a file that could not be loaded counts as one failed test. */
function reportedTests() {
  const text = contentOf('report.json');
  if (text === '') return { passed: 0, failed: [] };
  const { testResults, numPassedTests } = JSON.parse(text);
  const failed = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const ofTests = assertionResults
      .filter((result) => result.status === 'failed')
      .map(({ fullName, failureMessages }) =>
        testFailure(`${file} > ${fullName}`, failureMessages.join('\n')),
      );
    return ofTests.length === 0 && status === 'failed' ? [testFailure(file, message)] : ofTests;
  });
  return { passed: numPassedTests, failed };
}

function testFailure(title, message) {
  return { isTest: true, title, lines: linesOf(message).filter((line) => !line.includes('node_modules/')) };
}

/** A run that failed. The tests' own is one only where no test is to blame: an error outside of all, or no report. */
function asFailure({ name, lines }) {
  if (name === TESTS && tests.failed.length > 0) return [];
  return [{ isTest: false, title: name, lines: lines.slice(-LINES_OF_A_LOG) }];
}

function contentOf(file) {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

function linesOf(text) {
  return stripVTControlCharacters(text)
    .trimEnd()
    .split('\n')
    .map((line) => (line.length > WIDTH ? `${line.slice(0, WIDTH)}…` : line));
}

function indented(line) {
  return `  ${line}`;
}

function print(...lines) {
  console.log(lines.join('\n'));
}
