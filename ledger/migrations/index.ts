// Every migration by name, in order of time.
import type { Migration } from 'kysely';
import { initial } from './0001-initial.ts';

/** One that has been released is never changed. Imported one by one, so that a build needs no file scanning. */
export const migrations: { readonly [name: string]: Migration } = {
  '0001-initial': initial,
};
