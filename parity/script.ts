// The script of the parity run: steps that are played one after the other, and what came of each.
import Stripe from 'stripe';
import { normalised } from './normalise.ts';

/** What one step was answered, without what differs from run to run. */
export interface Answer {
  readonly step: string;
  readonly status: number | null;
  /** Whether the answer was one that had been kept under its idempotency key. */
  readonly replayed: boolean;
  readonly body: unknown;
}

export interface Script {
  readonly stripe: Stripe;
  /** Plays a step and keeps its answer, also a refusal. @returns the answer as the SDK gives it, or null for a refusal */
  step<T>(name: string, request: () => Promise<T>): Promise<T | null>;
  /** A step that must be answered, because the ones after it need the answer. */
  needed<T>(name: string, request: () => Promise<T>): Promise<T>;
  /** Repeats a request until its answer is as wanted, for half a minute: some things at Stripe take a moment. */
  until<T>(name: string, request: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T>;
  /** An idempotency key that no other run has. */
  key(name: string): { idempotencyKey: string };
}

export type Steps = (script: Script) => Promise<void>;

const PATIENCE_MS = 30_000;
const PAUSE_MS = 500;

/**
 * Plays the steps against whatever `stripe` leads to.
 * @param runId makes the idempotency keys of this run its own
 * @throws if a step that others need is refused
 */
export async function play(stripe: Stripe, runId: string, steps: readonly Steps[]): Promise<Answer[]> {
  const answers: Answer[] = [];

  async function ask<T>(
    step: string,
    request: () => Promise<T>,
  ): Promise<{ answer: Answer; result: T | null }> {
    try {
      const result = await request();
      const { lastResponse } = result as {
        lastResponse?: { statusCode: number; headers: Record<string, string> };
      };
      const answer = {
        step,
        status: lastResponse?.statusCode ?? null,
        replayed: lastResponse?.headers['idempotent-replayed'] === 'true',
        body: normalised(result),
      };
      return { answer, result };
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeError)) throw error;
      const {
        headers: _,
        statusCode: __,
        requestId: ___,
        ...raw
      } = { ...(error.raw as object) } as Record<string, unknown>;
      const answer = {
        step,
        status: error.statusCode ?? null,
        replayed: error.headers?.['idempotent-replayed'] === 'true',
        body: normalised({ error: raw }),
      };
      return { answer, result: null };
    }
  }

  const script: Script = {
    stripe,
    step: async (name, request) => {
      const { answer, result } = await ask(name, request);
      answers.push(answer);
      return result;
    },
    needed: async (name, request) => {
      const { answer, result } = await ask(name, request);
      answers.push(answer);
      if (result === null) throw new Error(`"${name}" was refused: ${JSON.stringify(answer.body)}`);
      return result;
    },
    until: async (name, request, isIt) => {
      const deadlineMs = Date.now() + PATIENCE_MS;
      for (;;) {
        const { answer, result } = await ask(name, request);
        if (result !== null && isIt(result)) {
          answers.push(answer);
          return result;
        }
        if (Date.now() > deadlineMs)
          throw new Error(`"${name}" did not come: ${JSON.stringify(answer.body)}`);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    },
    key: (name) => ({ idempotencyKey: `parity-${runId}-${name}` }),
  };

  for (const each of steps) await each(script);
  return answers;
}
