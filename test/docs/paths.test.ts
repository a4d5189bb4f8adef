// Every path, link and command that the documentation names exists.
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchorsOf, FILES, PAGES, textOf } from './pages.ts';

const FOLDERS = new Set(
  FILES.flatMap((path) => path.split('/').map((_, depth, parts) => parts.slice(0, depth).join('/'))),
);
const ROOT_FOLDERS = [...FOLDERS].filter((folder) => folder !== '' && !folder.includes('/'));
const SCRIPTS: object = JSON.parse(textOf('package.json')).scripts;

function exists(path: string): boolean {
  return FILES.includes(path) || FOLDERS.has(path.replace(/\/$/, ''));
}

describe.each(PAGES)('%s', (page) => {
  test('names only paths that exist', () => {
    // A path begins with one of our folders; what the build makes of it is found at its source.
    const inFolders = new RegExp(
      `(?<![\\w/.@:<>{}…$-])(?:dist/)?(?:${ROOT_FOLDERS.join('|')})/[\\w./-]*`,
      'g',
    );
    const named = [...textOf(page).matchAll(inFolders)].map(([path]) =>
      path.startsWith('dist/') ? path.replace(/^dist\//, '').replace(/\.js$/, '.ts') : path,
    );
    const atRoot = [...textOf(page).matchAll(/`([\w.-]+\.(?:ts|md|yml|json|cjs|example)|Dockerfile)`/g)].map(
      ([, path = '']) => path,
    );
    const missing = [...named, ...atRoot]
      .map((path) => path.replace(/\.$/, ''))
      .filter((path) => !exists(path));
    expect(missing).toEqual([]);
  });

  test('links only to pages and headings that exist', () => {
    const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : normalize(join(dirname(page), path));
        return !exists(target) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const scripts = [...textOf(page).matchAll(/\bnpm (?:run (?:--silent )?)?([a-z][a-z-]*)/g)].map(
      ([, name = '']) => name,
    );
    const missing = scripts.filter(
      (name) => !['run', 'ci', 'start', 'test'].includes(name) && !(name in SCRIPTS),
    );
    expect(missing).toEqual([]);
  });
});

test('the index of decisions lists every decision under its own title', () => {
  const decisions = FILES.filter((path) => /^docs\/decisions\/\d{4}-.*\.md$/.test(path));
  const titles = decisions.map((path) => {
    const [, number = '', title = ''] = /^# (\d{4}) (.+)$/m.exec(textOf(path)) ?? [];
    expect(path).toContain(`/${number}-`);
    return `| [${number}](${path.replace('docs/decisions/', '')}) | ${title} |`;
  });
  const listed = textOf('docs/decisions/README.md')
    .split('\n')
    .filter((line) => line.startsWith('| ['));
  expect(listed).toEqual(titles);
});

test('code refers only to decisions that exist', () => {
  const code = FILES.filter((path) => /\.(ts|yml|sh|js)$/.test(path) && !path.startsWith('test/docs/'));
  const named = code.flatMap((path) =>
    [...textOf(path).matchAll(/docs\/decisions\/(\d{4})[\w-]*(\.md)?/g)].map(([reference, number, isFile]) =>
      isFile === undefined ? `docs/decisions/${number}` : reference,
    ),
  );
  expect(named.length).toBeGreaterThan(0);
  const missing = named.filter((reference) => !FILES.some((path) => path.startsWith(reference)));
  expect(missing).toEqual([]);
});
