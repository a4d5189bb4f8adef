// Notifies the merchant's endpoint of what has happened, signed the Standard Webhooks way, and records how that ended.
import { ApplicationFailure, activityInfo, log } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import type { Notice } from '../domain/model/facts.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { withOutsideTimes } from '../domain/shared/rfc3339.ts';
import { DAY, HOUR } from '../domain/shared/time.ts';
import type { Ledger, NoticeDelivery, NoticeRef } from '../ledger/ledger.ts';
import type { Links } from '../links/links.ts';
import { type MerchantWebhook, postToMerchant } from './merchant-endpoint.ts';

/** As long as Stripe tries its own webhooks (docs.stripe.com/webhooks). */
export const GIVE_UP_AFTER = 3 * DAY;
/** Between two tries. */
export const LONGEST_NOTICE_PAUSE = 6 * HOUR;

export interface NoticeDependencies {
  readonly ledger: Pick<Ledger, 'findNotice' | 'recordNoticeDelivery'>;
  /** Null: the merchant has no endpoint and asks the api. */
  readonly merchantWebhook: MerchantWebhook | null;
  readonly links: Pick<Links, 'enrol' | 'stepUp'>;
}

/** How a notice ended. Codes only: Temporal shows it. */
export type NoticeResult = Omit<NoticeDelivery, 'atMs'>;

/** The id at Temporal of the activity that sends a notice: there is one for each notice, however often it is started. */
export function noticeActivityIdOf({ customerId, noticeId }: NoticeRef): string {
  return `notice/${customerId}/${noticeId}`;
}

/** What the endpoint gets. `data` holds the notice's own data; its times are RFC 3339 there. */
interface Body {
  readonly type: Notice['kind'];
  /** RFC 3339 UTC: when it happened, by the workflow's clock. */
  readonly timestamp: string;
  readonly data: { readonly [key: string]: string | number | null };
}

export function createNoticeActivities({ ledger, merchantWebhook, links }: NoticeDependencies) {
  const signer = merchantWebhook && new Webhook(merchantWebhook.secret);

  return {
    /**
     * Sends one notice to the merchant's endpoint, tried again for three days, and puts on record how that ended.
     * Temporal starts it for anybody who asks, and merchants believe what is signed: so it is given a name only, and
     * sends what the ledger says under that name, if nobody has before.
     * @throws ApplicationFailure `NoSuchNotice`, not retried: nothing of that name is to be sent
     * @throws ApplicationFailure `EndpointUnavailable`, to be tried again: the endpoint has not taken it
     * @throws whatever the database throws, to be tried again: a notice that was posted may then be posted twice
     */
    async sendMerchantNotice(name: NoticeRef): Promise<NoticeResult> {
      const found = isOwn(name) ? await ledger.findNotice(name) : null;
      if (found === null)
        throw ApplicationFailure.nonRetryable('nothing of this name is to be sent', 'NoSuchNotice');
      const { customerId, noticeId } = name;
      if (found.end !== null) return resultOf(found.end);
      const result = await post(customerId, found.notice).catch(givenUpInTime);
      await ledger.recordNoticeDelivery({ customerId, noticeId, atMs: Date.now(), ...result });
      log.info('notice ended', { customerId, noticeId, kind: found.notice.kind, ...result });
      return result;
    },
  };

  /**
   * Posts once. `webhook-id` is the same for every try, so the endpoint can drop what it has had; it holds no full stop,
   * which is what delimits the signed parts.
   * Only 2xx means that it arrived; 410 means that the endpoint wants nothing any more (Standard Webhooks).
   * @throws ApplicationFailure `EndpointUnavailable`: any other answer, or none. It names the status only, for an
   * endpoint's words and address may hold secrets.
   */
  async function post(customerId: string, notice: Notice): Promise<NoticeResult> {
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
  }
}

/** Its id at Temporal is how it is known to be started once: under another one it may be under way beside itself. */
function isOwn(name: unknown): boolean {
  const { customerId, noticeId } = Object(name) as { readonly [field: string]: unknown };
  if (typeof customerId !== 'string' || typeof noticeId !== 'string') return false;
  return activityInfo().activityId === noticeActivityIdOf({ customerId, noticeId });
}

function resultOf({ atMs: _, ...result }: NoticeDelivery): NoticeResult {
  return result;
}

/** @throws the failure while there is time; the last try comes when the time is over, not a pause later */
function givenUpInTime(failure: unknown): NoticeResult {
  if (!(failure instanceof ApplicationFailure) || failure.type !== 'EndpointUnavailable') throw failure;
  const { message } = failure;
  const leftMs = activityInfo().scheduledTimestampMs + GIVE_UP_AFTER - Date.now();
  if (leftMs <= 0) return { outcome: 'given_up', reason: message };
  if (leftMs > LONGEST_NOTICE_PAUSE) throw failure;
  throw ApplicationFailure.create({ message, type: 'EndpointUnavailable', nextRetryDelay: leftMs });
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
