// Plays single people at a page or a merchant's desk, one call after the other, and keeps how long each took.
import { setTimeout as pause } from 'node:timers/promises';
import type { Product } from './product.ts';

const BETWEEN_MS = 500;
const CONSENT = { termsVersion: '1', acceptedAt: '2026-01-02T09:00:00Z' };

export class People {
  private readonly product: Product;
  private readonly customers: readonly string[];
  private readonly signal: AbortSignal;
  private waits: Record<string, number[]> = {};
  private calls = 0;

  constructor(product: Product, customers: readonly string[], signal: AbortSignal) {
    this.product = product;
    this.customers = customers;
    this.signal = signal;
  }

  async callFor(ms: number): Promise<void> {
    const over = new AbortController();
    const calling = this.callUntil(over.signal);
    await pause(ms, undefined, { signal: this.signal }).finally(() => over.abort());
    await calling;
  }

  /** Reads, charges and enrols side by side until `over`; what has begun is waited for. */
  async callUntil(over: AbortSignal): Promise<void> {
    const one = async (
      what: string,
      act: (customerId: string, call: number) => Promise<{ status: number }>,
    ) => {
      while (!over.aborted) {
        this.calls += 1;
        const customerId = this.customers[this.calls % this.customers.length] as string;
        const startedMs = performance.now();
        const { status } = await act(customerId, this.calls);
        const name = status < 400 ? what : `${what}: answered ${status}`;
        this.waits[name] = [...(this.waits[name] ?? []), performance.now() - startedMs];
        await pause(BETWEEN_MS, undefined, { signal: this.signal });
      }
    };
    const { call } = this.product;
    await Promise.all([
      one('show a customer', (customerId) => call('GET', `/v1/customers/${customerId}`)),
      one('charge a customer and wait', (customerId, number) =>
        call('POST', `/v1/customers/${customerId}/charges?wait=20`, {
          chargeId: `single-${number}`,
          amount: 700,
          currency: 'eur',
        }),
      ),
      one('enrol a customer', (_, number) =>
        call('POST', '/v1/customers', {
          customerId: `person-${number}`,
          paymentMethod: 'pm_card_visa',
          consent: CONSENT,
        }),
      ),
    ]);
  }

  /** Milliseconds by call, since this was last asked. */
  take(): Readonly<Record<string, readonly number[]>> {
    const taken = this.waits;
    this.waits = {};
    return taken;
  }
}
