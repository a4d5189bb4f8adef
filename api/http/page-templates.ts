// The customer's pages as files: where they lie, and the merchant put into them.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AppConfig } from '../config.ts';

/** @returns the page as HTML, with the merchant's name and terms */
export async function readPage(file: string, merchant: AppConfig['merchant']): Promise<string> {
  return filled(await readFile(`${webRoot()}${file}`, 'utf8'), merchant);
}

/** `web/` lies beside `api/` in the sources, and beside the folder of compiled files in a build. */
export function webRoot(): string {
  const [beside, above] = ['../../web/', '../../../web/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return existsSync(beside ?? '') ? (beside ?? '') : (above ?? '');
}

/** Puts the merchant into a page. */
function filled(template: string, merchant: AppConfig['merchant']): string {
  const values: { readonly [name: string]: string } = { ...merchant };
  return template.replace(/\{\{(\w+)\}\}/g, (_all, name: string) => escaped(values[name] ?? ''));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
