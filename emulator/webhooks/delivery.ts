// Delivers events to the webhook URL: signed, at least once, and as badly as the control API orders.
import type { DeliveryRecord } from '../store/records.ts';
import type { World } from '../store/world.ts';
import { signedMessage } from './message.ts';

export interface WebhookTarget {
  /** Read at every delivery, so it may be set once the ports are known. */
  webhookUrl?: string;
  /** `whsec_…`; what the receiver verifies with. */
  webhookSecret: string;
}

/** Waits between two tries, milliseconds: Stripe's back-off, made short. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 60_000, 60_000, 60_000, 60_000];
const LATE_MS = 3_000;
const SHUFFLE_MS = 400;
const TIMEOUT_MS = 10_000;
const AT_ONCE = 16;

export class Deliverer {
  private readonly world: World;
  private readonly target: WebhookTarget;
  private readonly onFault: (error: unknown) => void;
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly closing = new AbortController();
  private readonly active = new Set<Promise<void>>();
  /** Batches of event ids; the events of a batch go one after the other. */
  private readonly queue: string[][] = [];
  private readonly toShuffle: string[] = [];

  constructor(world: World, target: WebhookTarget, onFault: (error: unknown) => void) {
    this.world = world;
    this.target = target;
    this.onFault = onFault;
  }

  /** Takes up what a former process left undelivered. */
  resume(): void {
    for (const [id, delivery] of this.world.store.deliveries.entries()) {
      if (delivery.status === 'pending') this.later(delivery.nextAt - Date.now(), () => this.enqueue(id));
    }
  }

  /** Starts to deliver these events. */
  deliver(ids: readonly string[]): void {
    for (const id of ids) {
      const delivery = this.world.store.deliveries.get(id);
      if (delivery?.status !== 'pending') continue;
      if (this.target.webhookUrl === undefined) this.end(id, delivery, 'unwanted');
      else if (delivery.mode === 'shuffle') this.shuffle(id);
      else if (delivery.mode === 'late') this.later(LATE_MS, () => this.enqueue(id));
      else this.enqueue(id);
    }
  }

  /** Stops everything; what is not delivered stays pending and is sent by the next process. */
  async close(): Promise<void> {
    this.closing.abort();
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    await Promise.all(this.active);
  }

  private later(ms: number, act: () => void): void {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        act();
      },
      Math.max(0, ms),
    );
    this.timers.add(timer);
  }

  /** Collects a moment's events and sends them in the opposite order. */
  private shuffle(id: string): void {
    if (this.toShuffle.length === 0) {
      this.later(SHUFFLE_MS, () => {
        this.enqueue(...this.toShuffle.splice(0).reverse());
      });
    }
    this.toShuffle.push(id);
  }

  private enqueue(...ids: string[]): void {
    this.queue.push(ids);
    this.sendNext();
  }

  private sendNext(): void {
    while (this.active.size < AT_ONCE && !this.closing.signal.aborted) {
      const batch = this.queue.shift();
      if (batch === undefined) return;
      const sending = this.sendAll(batch)
        .catch(this.onFault)
        .finally(() => {
          this.active.delete(sending);
          this.sendNext();
        });
      this.active.add(sending);
    }
  }

  private async sendAll(batch: string[]): Promise<void> {
    for (const id of batch) await this.send(id);
  }

  private async send(id: string): Promise<void> {
    const delivery = this.world.store.deliveries.get(id);
    if (delivery?.status !== 'pending') return;
    const accepted = await this.post(id);
    if (this.closing.signal.aborted) return;
    const tries = delivery.tries + 1;
    const wait = RETRY_MS[tries - 1];
    if (accepted) {
      this.end(id, { ...delivery, tries }, 'delivered');
      if (delivery.mode === 'twice') await this.post(id);
    } else if (wait === undefined) {
      this.end(id, { ...delivery, tries }, 'failed');
    } else {
      this.world.store.deliveries.put(id, { ...delivery, tries, nextAt: Date.now() + wait });
      this.later(wait, () => this.enqueue(id));
    }
    await this.world.store.flush();
  }

  private end(id: string, delivery: DeliveryRecord, status: DeliveryRecord['status']): void {
    const { deliveries, events } = this.world.store;
    deliveries.put(id, { ...delivery, status });
    const event = events.get(id);
    if (event && status !== 'failed') {
      event.wire.pending_webhooks = 0;
      events.put(id, event);
    }
  }

  /** One try. A redirect is a failure, as with Stripe; so is every other answer outside 2xx, and none. */
  private async post(id: string): Promise<boolean> {
    const url = this.target.webhookUrl;
    const event = this.world.store.events.get(id);
    if (url === undefined || !event) return false;
    const { body, headers } = signedMessage(event.wire, this.target.webhookSecret);
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers,
        signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false; // nobody there, or too slow: tried again
    }
  }
}
