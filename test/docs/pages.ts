// The documentation as text: which pages there are, and what stands in them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is installed, made by a build, or somebody's own. */
const NOT_OURS = /^(node_modules|dist|coverage|\.git|\.data.*)$/;

/** Every file of the repository, as a path from its root. */
export const FILES: readonly string[] = filesIn('.');

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.test(name))
    .flatMap((entry) =>
      entry.isDirectory() ? filesIn(join(folder, entry.name)) : [join(folder, entry.name)],
    );
}

/** All pages that people read. */
export const PAGES = FILES.filter(
  (path) => /^(README|CONTRIBUTING)\.md$|^docs\/.*\.md$/.test(path) || path === '.env.example',
);

export function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The part of a page under a heading, up to the next heading of the same or a higher level. */
export function sectionOf(path: string, heading: string): string {
  const lines = textOf(path).split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (start === -1) throw new Error(`${path} has no heading "${heading}"`);
  const level = (line: string) => /^(#+) /.exec(line)?.[1]?.length ?? Number.POSITIVE_INFINITY;
  const length = lines.slice(start + 1).findIndex((line) => level(line) <= level(lines[start] ?? ''));
  return lines.slice(start, length === -1 ? undefined : start + 1 + length).join('\n');
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(path: string): string[] {
  return [...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
