// Talks to the emulator directly, past the proxies: it stands for the world outside the product.
import { setTimeout as pause } from 'node:timers/promises';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';

const READ_TRIES = 20;
const BETWEEN_READS_MS = 100;

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the server sends; callers read them as JSON
type Json = any;

/** @returns null where the emulator answers that the object is not in a state for it */
export type EmulatorControl = (path: string, body?: object, method?: 'POST' | 'DELETE') => Promise<Json>;

/** @param signal aborts every request */
export function createEmulatorControl(emulatorUrl: string, signal: AbortSignal): EmulatorControl {
  return async (path, body, method = 'POST') => {
    // Stripe's own API takes forms, the control table JSON.
    const content = path.startsWith('v1/')
      ? { type: 'application/x-www-form-urlencoded', text: new URLSearchParams({ ...body }).toString() }
      : { type: 'application/json', text: JSON.stringify(body) };
    const isRead = body === undefined;
    const ask = () =>
      fetch(`${emulatorUrl}/${path}`, {
        method: isRead ? 'GET' : method,
        headers: { authorization: 'Bearer sk_test_emulator', 'content-type': content.type },
        ...omitUndefined({ body: body && content.text }),
        signal,
      });
    const response = await (isRead ? pastFaults(ask, signal) : ask());
    const answer = await response.json();
    if (response.status === 409) return null;
    if (!response.ok) throw new Error(`emulator: ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
}

/** Stripe's faults are meant for the product, and a read may meet one: it is repeated until that is used up. */
async function pastFaults(ask: () => Promise<Response>, signal: AbortSignal): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await ask().catch((dropped: unknown) => {
      if (signal.aborted || tries === READ_TRIES) throw dropped;
      return null;
    });
    if (response && response.status !== 429 && response.status < 500) return response;
    if (response && tries === READ_TRIES) return response;
    await pause(BETWEEN_READS_MS, undefined, { signal });
  }
}
