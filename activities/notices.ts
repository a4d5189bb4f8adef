// Notifies the merchant's endpoint of what has happened, signed the Standard Webhooks way.
import { ApplicationFailure } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import type { Notice } from '../domain/model/facts.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { withOutsideTimes } from '../domain/shared/rfc3339.ts';
import type { Links } from '../links/links.ts';
import { type MerchantWebhook, postToMerchant } from './merchant-endpoint.ts';

export interface NoticeDependencies {
  /** Null: the merchant has no endpoint and asks the api. */
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
     * @throws ApplicationFailure `EndpointUnavailable`, to be tried again: any other answer, or none. It names the
     * status only, for an endpoint's words and address may hold secrets.
     */
    async sendMerchantNotice({ customerId, notice }: MerchantNotice): Promise<NoticeResult> {
      if (!merchantWebhook || !signer) return { outcome: 'no_endpoint' };
      const body = JSON.stringify(await bodyOf(customerId, notice, links));
      const webhookId = `${customerId}:${notice.noticeId}`;
      const sentAt = new Date();
      const headers = {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'offsession',
        'webhook-id': webhookId,
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
        'webhook-signature': signer.sign(webhookId, sentAt, body),
      };
      const { url, publicOnly } = merchantWebhook;
      const status = await postToMerchant({ url, headers, body, publicOnly });
      if (status >= 200 && status < 300) return { outcome: 'sent', status };
      if (status === 410) return { outcome: 'given_up', reason: 'the endpoint answered 410 Gone' };
      throw ApplicationFailure.retryable(`the endpoint answered ${status}`, 'EndpointUnavailable');
    },
  };
}

async function bodyOf(customerId: string, notice: Notice, links: NoticeDependencies['links']): Promise<Body> {
  const { kind, chargeId } = notice;
  const url = await urlFor(customerId, notice, links);
  return {
    type: kind,
    timestamp: new Date(notice.atMs).toISOString(),
    data: {
      customerId,
      ...omitUndefined({ chargeId }),
      ...(withOutsideTimes(notice.data) as Body['data']),
      ...(url === null ? {} : { url }),
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
