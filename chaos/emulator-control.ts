// Talks to the emulator directly, past the proxies: it stands for the world outside the product.
import { omitUndefined } from '../domain/shared/omit-undefined.ts';

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
    const response = await fetch(`${emulatorUrl}/${path}`, {
      method: body === undefined ? 'GET' : method,
      headers: { authorization: 'Bearer sk_test_emulator', 'content-type': content.type },
      ...omitUndefined({ body: body && content.text }),
      signal,
    });
    const answer = await response.json();
    if (response.status === 409) return null;
    if (!response.ok) throw new Error(`emulator: ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
}
