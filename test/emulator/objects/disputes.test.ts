// Disputes: what a cardholder, their bank and the merchant do about a charge, through the real SDK.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Stripe from 'stripe';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, enrol, failureOf, intentFor, startEmulator, startReceiver } from '../start.ts';

const CREATED = 'charge.dispute.created';
const WITHDRAWN = 'charge.dispute.funds_withdrawn';
const UPDATED = 'charge.dispute.updated';
const REINSTATED = 'charge.dispute.funds_reinstated';
const CLOSED = 'charge.dispute.closed';

async function pay(emulator: Emulator, token: string) {
  const { customer, paymentMethod } = await enrol(emulator, token);
  const { id } = await intentFor(emulator, customer.id);
  return emulator.stripe.paymentIntents.confirm(id, {
    off_session: true,
    payment_method: paymentMethod,
    expand: ['latest_charge'],
  });
}

/** Long enough for a cardholder to complain, and for a bank to read evidence. */
function timePasses(emulator: Emulator) {
  return emulator.control('/clock', { advanceSeconds: 10 });
}

async function disputed(token = 'pm_card_createDispute') {
  const emulator = await startEmulator();
  const paid = await pay(emulator, token);
  await timePasses(emulator);
  const { data } = await emulator.stripe.disputes.list({ payment_intent: paid.id });
  expect(data).toHaveLength(1);
  return { emulator, paid, dispute: data[0] as Stripe.Dispute };
}

async function eventsOf({ stripe }: Emulator): Promise<string[]> {
  const { data } = await stripe.events.list({ type: 'charge.dispute.*', limit: 100 });
  return data.map(({ type }) => type).reverse();
}

function saying({ stripe }: Emulator, id: string, words: string, submit?: boolean) {
  return stripe.disputes.update(id, {
    evidence: { uncategorized_text: words },
    ...(submit === undefined ? {} : { submit }),
  });
}

describe('cards whose holder disputes every charge', () => {
  test.each([
    ['createDispute', 'fraudulent', 'needs_response', 'chargeback', '10.4', [-2000], [CREATED, WITHDRAWN]],
    [
      'createDisputeProductNotReceived',
      'product_not_received',
      'needs_response',
      'chargeback',
      '13.1',
      [-2000],
      [CREATED, WITHDRAWN],
    ],
    ['createDisputeInquiry', 'fraudulent', 'warning_needs_response', 'inquiry', '10', [], [CREATED]],
  ])('%s: %s, %s, %s', async (token, reason, status, caseType, code, movements, events) => {
    const { emulator, paid, dispute } = await disputed(`pm_card_${token}`);
    const charge = paid.latest_charge as Stripe.Charge;
    expect(charge).toMatchObject({ status: 'succeeded', disputed: false });
    expect(dispute).toMatchObject({
      id: expect.stringMatching(/^du_/),
      charge: charge.id,
      payment_intent: paid.id,
      amount: 2000,
      currency: 'eur',
      reason,
      status,
      is_charge_refundable: caseType === 'inquiry',
      livemode: false,
      payment_method_details: {
        type: 'card',
        card: { brand: 'visa', network: 'visa', case_type: caseType, network_reason_code: code },
      },
      evidence_details: { has_evidence: false, past_due: false, submission_count: 0 },
    });
    expect(dispute.metadata).toEqual({});
    expect(dispute.evidence_details.due_by).toBeGreaterThan(dispute.created);
    expect(dispute.balance_transactions.map(({ amount }) => amount)).toEqual(movements);
    expect(await emulator.stripe.charges.retrieve(charge.id)).toMatchObject({ paid: true, disputed: true });
    expect(await eventsOf(emulator)).toEqual(events);
  });

  test('a charge that is declined is not disputed', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_createDispute');
    await emulator.control('/outcomes', { paymentMethod, outcomes: ['insufficient_funds'] });
    const { id } = await intentFor(emulator, customer.id);
    await failureOf(
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
    );
    await timePasses(emulator);
    expect((await emulator.stripe.disputes.list()).data).toEqual([]);
  });

  test('the dispute comes by itself, with events that carry all of it and nothing of the merchant’s', async () => {
    const receiver = await startReceiver();
    const emulator = await startEmulator({ webhookUrl: receiver.url });
    const paid = await pay(emulator, 'pm_card_createDispute');
    const about = () =>
      receiver.received.map(({ event }) => event).filter(({ type }) => type.startsWith('charge.dispute.'));
    await expect.poll(() => about().map(({ type }) => type), { timeout: 10_000 }).toHaveLength(2);
    for (const { data, request } of about()) {
      expect(data.object).toMatchObject({ object: 'dispute', payment_intent: paid.id });
      expect((data.object as Stripe.Dispute).metadata).toEqual({});
      expect(request).toEqual({ id: null, idempotency_key: null });
    }
  });
});

describe('evidence', () => {
  const chargeback = [CREATED, WITHDRAWN, UPDATED];
  test.each([
    ['createDispute', 'winning_evidence', 'under_review', 'won', [...chargeback, REINSTATED, CLOSED], 2],
    ['createDispute', 'losing_evidence', 'under_review', 'lost', [...chargeback, CLOSED], 1],
    ['createDispute', 'It was them.', 'under_review', 'under_review', chargeback, 1],
    [
      'createDisputeInquiry',
      'winning_evidence',
      'warning_under_review',
      'warning_closed',
      [CREATED, UPDATED, CLOSED],
      0,
    ],
    [
      'createDisputeInquiry',
      'losing_evidence',
      'warning_under_review',
      'warning_closed',
      [CREATED, UPDATED, CLOSED],
      0,
    ],
    [
      'createDisputeInquiry',
      'It was them.',
      'warning_under_review',
      'warning_under_review',
      [CREATED, UPDATED],
      0,
    ],
    [
      'createDisputeInquiry',
      'escalate_inquiry_evidence',
      'warning_under_review',
      'needs_response',
      [CREATED, UPDATED, UPDATED, WITHDRAWN],
      1,
    ],
  ])('%s, %s: %s, then %s', async (token, words, first, then, events, movements) => {
    const { emulator, dispute } = await disputed(`pm_card_${token}`);
    expect(await saying(emulator, dispute.id, words)).toMatchObject({
      status: first,
      evidence: { uncategorized_text: words },
      evidence_details: { has_evidence: true, submission_count: 1, submission_method: 'manual' },
    });
    await timePasses(emulator);
    const after = await emulator.stripe.disputes.retrieve(dispute.id);
    expect(after.status).toBe(then);
    expect(after.balance_transactions).toHaveLength(movements);
    expect(await eventsOf(emulator)).toEqual(events);
  });

  test('a dispute that is won brings the money back, not the fee', async () => {
    const { emulator, dispute } = await disputed();
    await saying(emulator, dispute.id, 'winning_evidence');
    await timePasses(emulator);
    const { balance_transactions } = await emulator.stripe.disputes.retrieve(dispute.id);
    expect(balance_transactions).toMatchObject([
      { amount: -2000, fee: 1500, net: -3500, reporting_category: 'dispute', source: dispute.id },
      { amount: 2000, fee: 0, net: 2000, reporting_category: 'dispute_reversal', source: dispute.id },
    ]);
  });

  test('is staged until it is submitted; metadata alone submits nothing', async () => {
    const { emulator, dispute } = await disputed();
    const { disputes } = emulator.stripe;
    expect(await saying(emulator, dispute.id, 'winning_evidence', false)).toMatchObject({
      status: 'needs_response',
      evidence_details: { has_evidence: true, submission_count: 0, submission_method: 'not_submitted' },
    });
    expect(await disputes.update(dispute.id, { metadata: { ticket: '7' } })).toMatchObject({
      status: 'needs_response',
      metadata: { ticket: '7' },
    });
    await timePasses(emulator);
    expect((await disputes.retrieve(dispute.id)).status).toBe('needs_response');
    expect((await disputes.update(dispute.id, { submit: true })).status).toBe('under_review');
    await timePasses(emulator);
    expect((await disputes.retrieve(dispute.id)).status).toBe('won');
  });

  test('that comes after its day is past due', async () => {
    const { emulator, dispute } = await disputed();
    await emulator.control('/clock', { advanceSeconds: 30 * 86_400 });
    const { evidence_details } = await saying(emulator, dispute.id, 'It was them.');
    expect(evidence_details.past_due).toBe(true);
  });

  test('an inquiry that has become a chargeback can be won as one', async () => {
    const { emulator, dispute } = await disputed('pm_card_createDisputeInquiry');
    await saying(emulator, dispute.id, 'escalate_inquiry_evidence');
    await timePasses(emulator);
    expect(await emulator.stripe.disputes.retrieve(dispute.id)).toMatchObject({
      is_charge_refundable: false,
      payment_method_details: { card: { case_type: 'chargeback', network_reason_code: '10.4' } },
    });
    await saying(emulator, dispute.id, 'winning_evidence');
    await timePasses(emulator);
    expect((await emulator.stripe.disputes.retrieve(dispute.id)).status).toBe('won');
  });
});

describe('closing', () => {
  test('gives the dispute up as lost, whatever the bank is reading', async () => {
    const { emulator, dispute } = await disputed();
    await saying(emulator, dispute.id, 'winning_evidence');
    expect((await emulator.stripe.disputes.close(dispute.id)).status).toBe('lost');
    await timePasses(emulator);
    expect((await emulator.stripe.disputes.retrieve(dispute.id)).status).toBe('lost');
    expect(await eventsOf(emulator)).toEqual([CREATED, WITHDRAWN, UPDATED, CLOSED]);
  });

  test.each(['createDispute', 'createDisputeInquiry'])(
    '%s: one that has ended takes no more',
    async (token) => {
      const { emulator, dispute } = await disputed(`pm_card_${token}`);
      await saying(emulator, dispute.id, 'winning_evidence');
      await timePasses(emulator);
      const closed = { statusCode: 400, type: 'StripeInvalidRequestError', rawType: 'invalid_request_error' };
      expect(await failureOf(saying(emulator, dispute.id, 'More.'))).toMatchObject(closed);
      expect(await failureOf(emulator.stripe.disputes.close(dispute.id))).toMatchObject({
        ...closed,
        message: 'This dispute is already closed',
      });
    },
  );
});

describe('refunds of a disputed charge', () => {
  test('are refused while the bank has the money, and made again once it is won', async () => {
    const { emulator, paid, dispute } = await disputed();
    const { refunds, disputes } = emulator.stripe;
    expect(await failureOf(refunds.create({ payment_intent: paid.id }))).toMatchObject({
      statusCode: 400,
      code: 'charge_disputed',
    });
    await saying(emulator, dispute.id, 'winning_evidence');
    await timePasses(emulator);
    expect(await disputes.retrieve(dispute.id)).toMatchObject({ is_charge_refundable: true });
    expect((await refunds.create({ payment_intent: paid.id })).status).toBe('succeeded');
  });

  test('are made during an inquiry', async () => {
    const { emulator, paid } = await disputed('pm_card_createDisputeInquiry');
    expect((await emulator.stripe.refunds.create({ payment_intent: paid.id })).status).toBe('succeeded');
  });
});

describe('reading', () => {
  test('a dispute is listed by its charge, its intent and its time, and nothing else is', async () => {
    const { emulator, paid, dispute } = await disputed();
    const other = await pay(emulator, 'pm_card_createDisputeInquiry');
    await timePasses(emulator);
    const found = async (params: Stripe.DisputeListParams) =>
      (await emulator.stripe.disputes.list(params)).data.map(({ payment_intent }) => payment_intent);
    expect(await found({})).toEqual([other.id, paid.id]);
    expect(await found({ charge: String(dispute.charge) })).toEqual([paid.id]);
    expect(await found({ payment_intent: other.id })).toEqual([other.id]);
    expect(await found({ created: { lt: dispute.created } })).toEqual([]);
    expect(await found({ created: { lte: dispute.created } })).toEqual([paid.id]);
    expect(await found({ limit: 1, starting_after: await firstId(emulator) })).toEqual([paid.id]);
  });

  async function firstId({ stripe }: Emulator) {
    return String((await stripe.disputes.list({ limit: 1 })).data[0]?.id);
  }

  test('charge and payment_intent can be expanded', async () => {
    const { emulator, paid, dispute } = await disputed();
    const { disputes } = emulator.stripe;
    const expand = ['charge', 'payment_intent'];
    const whole = {
      charge: { object: 'charge', id: dispute.charge, disputed: true },
      payment_intent: { object: 'payment_intent', id: paid.id, metadata: { chargeId: 'ch-1' } },
    };
    expect(await disputes.retrieve(dispute.id, { expand })).toMatchObject(whole);
    const listed = await disputes.list({ expand: expand.map((path) => `data.${path}`) });
    expect(listed.data).toMatchObject([whole]);
  });

  test('an unknown dispute is 404', async () => {
    const { stripe } = await startEmulator();
    for (const call of [
      stripe.disputes.retrieve('du_none'),
      stripe.disputes.update('du_none', { submit: true }),
      stripe.disputes.close('du_none'),
    ]) {
      expect(await failureOf(call)).toMatchObject({ statusCode: 404, code: 'resource_missing' });
    }
  });
});

describe('the control API', () => {
  test('disputes any payment, months later and for any reason', async () => {
    const emulator = await startEmulator();
    const paid = await pay(emulator, 'pm_card_mastercard');
    await emulator.control('/clock', { advanceSeconds: 90 * 86_400 });
    const { status, body } = await emulator.control('/disputes', {
      paymentIntentId: paid.id,
      reason: 'subscription_canceled',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ paymentIntentId: paid.id, status: 'needs_response' });
    const dispute = await emulator.stripe.disputes.retrieve(String(body.disputeId));
    expect(dispute).toMatchObject({
      reason: 'subscription_canceled',
      payment_method_details: { card: { brand: 'mastercard', network_reason_code: null } },
    });
    expect(dispute.created).toBeGreaterThan(paid.created + 89 * 86_400);
    expect(await eventsOf(emulator)).toEqual([CREATED, WITHDRAWN]);
    expect(await (await fetch(`${emulator.url}/_emulator/`)).text()).toContain(
      '0 refunds, 1 disputes in all',
    );
  });

  test('says fraudulent where no reason is given, and is not followed by the card’s own complaint', async () => {
    const emulator = await startEmulator();
    const paid = await pay(emulator, 'pm_card_createDisputeInquiry');
    await emulator.control('/disputes', { paymentIntentId: paid.id });
    await timePasses(emulator);
    expect((await emulator.stripe.disputes.list()).data).toHaveLength(1);
  });

  test('refuses an unknown intent with 404, one unpaid or disputed with 409, any other body with 400', async () => {
    const { emulator, paid } = await disputed();
    const { customer } = await enrol(emulator);
    const unpaid = await intentFor(emulator, customer.id, 'ch-2');
    const answer = async (body: object) => (await emulator.control('/disputes', body)).status;
    expect(await answer({ paymentIntentId: 'pi_none' })).toBe(404);
    expect(await answer({ paymentIntentId: unpaid.id })).toBe(409);
    expect(await answer({ paymentIntentId: paid.id })).toBe(409);
    expect(await answer({ paymentIntentId: paid.id, reason: 'bad_mood' })).toBe(400);
    expect(await answer({})).toBe(400);
  });
});

test('a complaint to come, a dispute and its review survive a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const dataFile = join(folder, 'emulator.jsonl');
  const first = await startEmulator({ dataFile });
  const paid = await pay(first, 'pm_card_createDispute');
  await first.close();

  const second = await startEmulator({ dataFile });
  await timePasses(second);
  const { data } = await second.stripe.disputes.list({ payment_intent: paid.id });
  const id = String(data[0]?.id);
  await saying(second, id, 'winning_evidence');
  await second.close();

  const third = await startEmulator({ dataFile });
  await timePasses(third);
  expect((await third.stripe.disputes.retrieve(id)).status).toBe('won');
  expect(await eventsOf(third)).toEqual([CREATED, WITHDRAWN, UPDATED, REINSTATED, CLOSED]);
});
