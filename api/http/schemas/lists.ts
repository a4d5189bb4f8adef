// What all lists share: the cursor of a request and the page of an answer.
import Type from 'typebox';
import { Strict } from '../fields.ts';

export const Cursor = Type.String({
  maxLength: 512,
  // No example: readers of the document send examples along, and this one would skip everything.
  description: '`nextCursor` of the page before; absent for the first.',
});
export const PageQuery = Strict({ cursor: Type.Optional(Cursor) });

export const pageOf = <Item extends Type.TSchema>(item: Item) =>
  Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Optional(Type.String({ description: 'Absent on the last page.' })),
  });

export interface PageAnswer<Item> {
  items: Item[];
  nextCursor?: string;
}
