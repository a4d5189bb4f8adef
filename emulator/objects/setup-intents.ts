// The calls about SetupIntents: saving a card.
import { cancelSetup, confirmSetup, HOW_TO_CONFIRM } from '../confirming/confirm-setup.ts';
import { checkReturnUrl, isConfirmable, methodMadeWith, OPEN } from '../confirming/confirmation.ts';
import { unexpectedState } from '../http/errors.ts';
import { metadata } from '../http/metadata.ts';
import { type Params, readParams } from '../http/params.ts';
import { flag, oneOf, orEmpty, text, texts, textUpTo } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import type { SetupIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { applySetupOptions, SETUP_OPTIONS } from './card-options.ts';
import { announce } from './events.ts';
import { checkClientSecret, viewFor } from './intent-view.ts';
import { applyShared, checkMethodChoice, METHOD_CHOICE } from './intents.ts';
import { keepSetupIntent, newSetupIntent, setupIntentFor } from './setup-intent.ts';

const CONFIRM = { ...HOW_TO_CONFIRM, client_secret: text, expand: texts };
const UPDATE = {
  allowed_payment_method_types: texts,
  customer: text,
  description: orEmpty(textUpTo(1_000)),
  expand: texts,
  metadata,
  payment_method: text,
  payment_method_options: SETUP_OPTIONS,
};
const CREATE = {
  ...UPDATE,
  ...HOW_TO_CONFIRM,
  ...METHOD_CHOICE,
  confirm: flag,
  usage: oneOf('off_session', 'on_session'),
};

function apply(call: Call, record: SetupIntentRecord, params: Params<typeof UPDATE>): void {
  applyShared(call, record, params);
  applySetupOptions(record.wire, params.payment_method_options);
}

export const createSetupIntent: Handler = (call, raw) => {
  const params = readParams(raw, CREATE);
  checkMethodChoice(params);
  const record = newSetupIntent(call, params);
  apply(call, record, params);
  if (params.confirm) checkReturnUrl(call, record.wire, params);
  keepSetupIntent(call, record);
  announce(call, 'setup_intent.created', record.wire);
  if (params.confirm) confirmSetup(call, record, { ...params, ...methodMadeWith(record.wire) });
  return record.wire;
};

export const readSetupIntent: Handler = (call, raw, { id }) => {
  readParams(raw, { client_secret: text, expand: texts });
  const { wire } = setupIntentFor(call, id);
  checkClientSecret(call, raw, wire, 'setupintent');
  return viewFor(call, wire);
};

export const updateSetupIntent: Handler = (call, raw, { id }) => {
  const params = readParams(raw, UPDATE);
  const record = setupIntentFor(call, id);
  if (!isConfirmable(record.wire)) {
    throw unexpectedState(
      `You cannot update this SetupIntent because it has a status of ${record.wire.status}.`,
      { setup_intent: record.wire },
    );
  }
  apply(call, record, params);
  keepSetupIntent(call, record);
  return record.wire;
};

export const confirmSetupIntent: Handler = (call, raw, { id }) => {
  const params = readParams(raw, CONFIRM);
  const record = setupIntentFor(call, id);
  checkClientSecret(call, raw, record.wire, 'setupintent');
  confirmSetup(call, record, params);
  return viewFor(call, record.wire);
};

const CANCEL = {
  cancellation_reason: oneOf('abandoned', 'duplicate', 'requested_by_customer'),
  expand: texts,
};

export const cancelSetupIntent: Handler = (call, raw, { id }) => {
  const params = readParams(raw, CANCEL);
  const record = setupIntentFor(call, id);
  if (!isConfirmable(record.wire)) {
    throw unexpectedState(
      `You cannot cancel this SetupIntent because it has a status of ${record.wire.status}. Only a SetupIntent with one of the following statuses may be canceled: ${OPEN.join(', ')}.`,
      { setup_intent: record.wire },
    );
  }
  cancelSetup(call, record, params.cancellation_reason ?? null);
  return record.wire;
};
