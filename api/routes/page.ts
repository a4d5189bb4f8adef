// What the routes of both pages share: how a page is shown, and how that is documented.
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { Problem } from '../http/problems.ts';
import { problems } from '../http/schemas/problems.ts';

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
  ...problems(400, 429),
};

/** Shows the page when the link opens, and else one that says so. */
export type ShowPage = (reply: FastifyReply, open: () => Promise<unknown>) => Promise<string>;

export function showPage(page: string, notFoundPage: string): ShowPage {
  return async (reply, open) => {
    reply.type('text/html; charset=utf-8');
    try {
      await open();
      return page;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'link_not_found') throw error;
      reply.code(404);
      return notFoundPage;
    }
  };
}
