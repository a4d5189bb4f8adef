// What an operator sees of a customer without any tool of ours: Temporal's search, details, timeline and forms.
import { defaultPayloadConverter } from '@temporalio/common';
import { defineQuery } from '@temporalio/workflow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, DAY, startTestStack, type TestStack } from '../support/stack.ts';

/** What the Temporal UI asks for (docs.temporal.io/ui); its shape is Temporal's. */
interface Metadata {
  readonly currentDetails: string;
  readonly definition: {
    readonly updateDefinitions: readonly { readonly name: string; readonly description: string }[];
    readonly signalDefinitions: readonly { readonly name: string; readonly description: string }[];
  };
}
const workflowMetadata = defineQuery<Metadata>('__temporal_workflow_metadata');

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  const card = await stack.enrol('seen', 'pm_card_visa', { email: 'seen@example.com' });
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await stack.post('/v1/customers/seen/charges', { chargeId: 'seen-1', amount: 3000, currency: 'eur' });
  await stack.untilCharge('seen', 'seen-1', 'awaiting_step_up');
  await stack.enrol('other');
});
afterAll(() => stack.stop());

async function found(query: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of stack.client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

test.each([
  "BillingStatus = 'awaiting_step_up'",
  "NeedsAttention = 'step_up'",
  'AmountDue = 3000',
  'StepUpDeadline IS NOT NULL',
  "Currency = 'eur' AND IssuerCountry = 'US' AND NextActionAt IS NOT NULL AND StripeCustomerId IS NOT NULL",
])('who waits for the bank is found by %s', async (query) => {
  await expect.poll(() => found(query), { timeout: 60_000 }).toEqual([workflowIdOf('seen')]);
});

test('the details say in short lines what is going on, what comes next and what to do; no personal data', async () => {
  const { currentDetails } = await stack.client.workflow
    .getHandle(workflowIdOf('seen'))
    .query(workflowMetadata);
  const { paymentIntentId } = await stack.get('/v1/customers/seen/charges/seen-1');
  expect(currentDetails).toContain('## awaiting_step_up');
  const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC';
  const lines = [
    '- `step_up`: the customer has to open the step-up link\\..*',
    `\\*\\*Now:\\*\\* waiting until the customer authenticates \`seen-1\`, at the latest ${time}`,
    '\\*\\*`seen-1`\\*\\* 30\\.00 EUR: awaiting_step_up  ',
    `The customer must open the step-up link, at the latest ${time}\\.  `,
    `\\[${paymentIntentId}\\]\\(https://dashboard\\.stripe\\.com/payments/${paymentIntentId}\\)`,
    `- ${time}: remind the customer to authenticate \`seen-1\``,
  ];
  for (const line of lines) expect(currentDetails).toMatch(new RegExp(`^${line}$`, 'm'));
  expect(currentDetails).not.toContain('decline');
  expect(currentDetails).not.toContain('|'); // a table does not fit the pane
  expect(currentDetails).not.toMatch(/example\.com|_secret_/);
  const other = await stack.client.workflow.getHandle(workflowIdOf('other')).query(workflowMetadata);
  expect(other.currentDetails).toContain('All is well. Nothing to do.');
});

test('what comes next is said with its own time, however often the workflow wakes before it', async () => {
  const { nextActionAt } = await stack.get('/v1/customers/other');
  const minute = nextActionAt.slice(0, 16).replace('T', ' ');
  const { currentDetails } = await stack.client.workflow
    .getHandle(workflowIdOf('other'))
    .query(workflowMetadata);
  expect(currentDetails).toContain(`waiting, then: read the SetupIntent at Stripe, ${minute} UTC`);
  expect(currentDetails).toContain(`- ${minute} UTC: read the SetupIntent at Stripe`);
});

test('of a charge that is held it says what it waits for', async () => {
  const handle = stack.client.workflow.getHandle(workflowIdOf('seen'));
  await stack.post('/v1/customers/seen/charges', { chargeId: 'seen-2', amount: 500, currency: 'eur' });
  await stack.untilCharge('seen', 'seen-2', 'held');
  expect((await handle.query(workflowMetadata)).currentDetails).toContain('Waits until `seen-1` is settled.');
  await stack.post('/v1/customers/seen/pause', {});
  await expect
    .poll(async () => (await handle.query(workflowMetadata)).currentDetails)
    .toContain('Waits until somebody resumes the customer.');
  await stack.post('/v1/customers/seen/resume', {});
});

test('what failed is found and shown until it is dealt with, after the charge has left the workflow too', async () => {
  const card = await stack.enrol('unlucky');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await stack.post('/v1/customers/unlucky/charges', { chargeId: 'unlucky-1', amount: 700, currency: 'eur' });
  await stack.untilCharge('unlucky', 'unlucky-1', 'awaiting_step_up');
  await stack.passTime('unlucky', 8 * DAY);
  await stack.untilCharge('unlucky', 'unlucky-1', 'failed');
  const handle = stack.client.workflow.getHandle(workflowIdOf('unlucky'));
  await expect
    .poll(() => found("NeedsAttention = 'failed' AND LastDecline IS NULL"), { timeout: 60_000 })
    .toEqual([workflowIdOf('unlucky')]);
  const { currentDetails } = await handle.query(workflowMetadata);
  expect(currentDetails).toContain('- `failed`: a charge was given up and is owed still.');
  expect(currentDetails).toMatch(/\*\*Failed, and owed still:\*\*\n- `unlucky-1` 7\.00 EUR, failed \d{4}-/);
  expect(currentDetails).not.toContain('All is well');

  await stack.post('/v1/customers/unlucky/enrolments', {
    paymentMethod: 'pm_card_mastercard',
    consent: CONSENT,
  });
  await stack.until(
    '/v1/customers/unlucky',
    ({ card: given, needsAttention }) => given.brand === 'mastercard' && needsAttention.includes('failed'),
  );
  await stack.post('/v1/customers/unlucky/charges/unlucky-1/waive');
  await expect
    .poll(async () => (await handle.query(workflowMetadata)).currentDetails, { timeout: 30_000 })
    .toContain('All is well');
  await expect.poll(() => found("NeedsAttention = 'failed'"), { timeout: 60_000 }).toEqual([]);
});

test('every signal and update explains itself in the operator’s form', async () => {
  const { definition } = await stack.client.workflow.getHandle(workflowIdOf('seen')).query(workflowMetadata);
  const updates = definition.updateDefinitions;
  expect(updates.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'retryCharge',
      'cancelCharge',
      'waiveCharge',
      'pause',
      'resume',
      'cancelCustomer',
    ]),
  );
  for (const { description } of [...updates, ...definition.signalDefinitions])
    expect(description).not.toBe('');
});

test('each activity and each timer in the timeline says what it is for', async () => {
  const { events = [] } = await stack.client.workflow.getHandle(workflowIdOf('seen')).fetchHistory();
  const summaries = (events ?? [])
    .filter((event) => event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes)
    .map(({ userMetadata }) =>
      userMetadata?.summary ? defaultPayloadConverter.fromPayload<string>(userMetadata.summary) : '',
    );
  expect(summaries).toContain('seen-1: attempt 1, 30.00 EUR');
  expect(summaries).toContain('until something is due');
  expect(summaries.filter((summary) => summary === '')).toEqual([]);
});
