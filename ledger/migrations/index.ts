// Every migration by name, imported one by one so that a build needs no file scanning. Names sort in order of time;
// one that has been released is never changed.
import type { Migration } from 'kysely';
import { initial } from './0001-initial.ts';
import { catchUp } from './0002-catch-up.ts';
import { operatorActions } from './0003-operator-actions.ts';
import { lastingEvidence } from './0004-lasting-evidence.ts';

export const migrations: { readonly [name: string]: Migration } = {
  '0001-initial': initial,
  '0002-catch-up': catchUp,
  '0003-operator-actions': operatorActions,
  '0004-lasting-evidence': lastingEvidence,
};
