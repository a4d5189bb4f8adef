// The product's workflows, and one that starts a notice as a customer's does; it bills nobody.
import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { BILLING_QUEUE, type SendNoticeInput } from '../../workflows/messages.ts';
import { noticeWorkflowIdOf, SendNotice } from '../../workflows/send-notice.ts';

export * from '../../workflows/index.ts';

export async function StartNotice(input: SendNoticeInput): Promise<void> {
  await startChild(SendNotice, {
    workflowId: noticeWorkflowIdOf(input.customerId, input.notice.noticeId),
    taskQueue: BILLING_QUEUE,
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [input],
  });
}
