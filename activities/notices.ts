// Tells the merchant's endpoint what has happened, signed the Standard Webhooks way. It writes no evidence (only the
// customer's workflow does) and lets no link into its result or its errors.
import { ApplicationFailure } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import type { Notice } from '../domain/model/facts.ts';
import type { Links } from '../links/links.ts';

/** An endpoint that takes longer is asked again. */
const TIME_OUT_MS = 15_000;

/** `secret` is `whsec_` and base64, as Standard Webhooks writes it. */
export interface MerchantWebhook {
  readonly url: string;
  readonly secret: string;
}

export interface NoticeDependencies {
  /** Null: the merchant has no endpoint and looks at the api. */
  readonly merchantWebhook: MerchantWebhook | null;
  readonly links: Pick<Links, 'enrol' | 'stepUp'>;
}

export interface MerchantNotice {
  readonly customerId: string;
  readonly notice: Notice;
}

/** How a notice ended. Codes only: this is recorded in Temporal's history. */
export type NoticeResult =
  | { readonly outcome: 'sent'; readonly status: number }
  | { readonly outcome: 'no_endpoint' }
  | { readonly outcome: 'given_up'; readonly reason: string };

/** What the endpoint gets. `data` holds the notice's own data; its times are RFC 3339 there. */
interface Body {
  readonly type: Notice['kind'];
  /** RFC 3339 UTC: when it happened, by the workflow's clock. */
  readonly timestamp: string;
  readonly data: { readonly [key: string]: string | number | null };
}

export function createNoticeActivities({ merchantWebhook, links }: NoticeDependencies) {
  const signer = merchantWebhook && new Webhook(merchantWebhook.secret);

  return {
    /**
     * Posts one notice once. `webhook-id` is the same for every try, so the endpoint can drop what it has had; it holds
     * no full stop, which is what delimits the signed parts.
     * Only 2xx means that it arrived; 410 means that the endpoint wants nothing any more (Standard Webhooks).
     * @throws ApplicationFailure `EndpointUnavailable`, to be tried again: any other answer, or none. It tells the
     * status only, for an endpoint's words and address may hold secrets.
     */
    async sendMerchantNotice({ customerId, notice }: MerchantNotice): Promise<NoticeResult> {
      if (!merchantWebhook || !signer) return { outcome: 'no_endpoint' };
      const body = JSON.stringify(await bodyOf(customerId, notice, links));
      const webhookId = `${customerId}:${notice.noticeId}`;
      const sentAt = new Date();
      const status = await post(merchantWebhook.url, body, {
        'content-type': 'application/json',
        'user-agent': 'offsession',
        'webhook-id': webhookId,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
        'webhook-signature': signer.sign(webhookId, sentAt, body),
      });
      if (status >= 200 && status < 300) return { outcome: 'sent', status };
      if (status === 410) return { outcome: 'given_up', reason: 'the endpoint answered 410 Gone' };
      throw unavailable(`the endpoint answered ${status}`);
    },
  };
}

/** Redirects are not followed: what is signed for one endpoint goes to no other. */
async function post(
  url: string,
  body: string,
  headers: { readonly [name: string]: string },
): Promise<number> {
  try {
    const signal = AbortSignal.timeout(TIME_OUT_MS);
    const response = await fetch(url, { method: 'POST', body, headers, redirect: 'manual', signal });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    throw unavailable(`the endpoint gave no answer: ${reasonOf(error)}`);
  }
}

async function bodyOf(customerId: string, notice: Notice, links: NoticeDependencies['links']): Promise<Body> {
  const { kind, chargeId } = notice;
  const url = await urlFor(customerId, notice, links);
  return {
    type: kind,
    timestamp: new Date(notice.atMs).toISOString(),
    data: {
      customerId,
      ...(chargeId !== undefined && { chargeId }),
      ...Object.fromEntries(Object.entries(notice.data).map(asOutside)),
      ...(url !== null && { url }),
    },
  };
}

/** Where the customer goes, minted at this moment; null for a notice that asks nothing of them. */
async function urlFor(
  customerId: string,
  notice: Notice,
  links: NoticeDependencies['links'],
): Promise<string | null> {
  if (notice.kind === 'charge.step_up_required' && notice.chargeId !== undefined) {
    return await links.stepUp(customerId, notice.chargeId);
  }
  const { enrolmentNumber } = notice.data;
  if (notice.kind === 'customer.enrolment_waiting' && typeof enrolmentNumber === 'number') {
    return await links.enrol(customerId, enrolmentNumber);
  }
  return null;
}

/** Inside, a time is epoch milliseconds named `…Ms`; outside, as everywhere over HTTP, RFC 3339 without the suffix. */
function asOutside([name, value]: [string, string | number | null]): [string, string | number | null] {
  if (!name.endsWith('Ms') || typeof value !== 'number') return [name, value];
  return [name.slice(0, -'Ms'.length), new Date(value).toISOString()];
}

/** A system error's code (`ECONNREFUSED`) or the kind of failure, never its words: they name hosts. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error.name;
}

function unavailable(message: string): ApplicationFailure {
  return ApplicationFailure.retryable(message, 'EndpointUnavailable');
}
