// What the routes of both pages share: how a page is shown, and how that is documented.
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { Problem } from '../http/problems.ts';
import { problems } from '../http/schemas/problems.ts';

/** Bytes: the page's script sends one short field at most. */
export const LARGEST_PAGE_BODY = 1024;

export const tags = ['pages'];
/** The link is the only key. */
export const security: { [name: string]: string[] }[] = [];

const html = (description: string) => ({
  description,
  content: { 'text/html': { schema: Type.String() } },
});
export const pageResponses = {
  200: html('The page.'),
  404: html('The link is forged or expired.'),
  410: html('What the link was for is over.'),
  ...problems(400, 429),
};

/** Shows the page when the link opens, and else one that says why it does not. */
export type ShowPage = (reply: FastifyReply, open: () => Promise<unknown>) => Promise<string>;

/** @param refusals the pages to show instead, by the problem's status */
export function showPage(page: string, refusals: { readonly 404: string; readonly 410: string }): ShowPage {
  return async (reply, open) => {
    reply.type('text/html; charset=utf-8');
    try {
      await open();
      return page;
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 404 && error.status !== 410)) throw error;
      reply.code(error.status);
      return refusals[error.status];
    }
  };
}
