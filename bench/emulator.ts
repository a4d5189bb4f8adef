// What the bench asks the emulator: Stripe's limits, how often it was asked, and what really happened.

export interface RequestCounts {
  readonly requests: number;
  readonly rateLimited: number;
}

async function control(emulatorUrl: string, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${emulatorUrl}/_emulator/${path}`, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`emulator: ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Stripe's limits in live mode (docs.stripe.com/rate-limits). */
export const STRIPE_LIMITS = { perEndpoint: 25, total: 100 };

/** Carries `act` out under Stripe's limits. */
export async function underStripeLimits<T>(emulatorUrl: string, act: () => Promise<T>): Promise<T> {
  await control(emulatorUrl, 'POST', 'rate-limits', STRIPE_LIMITS);
  try {
    return await act();
  } finally {
    await control(emulatorUrl, 'DELETE', 'rate-limits');
  }
}

/** Over all endpoints, since the emulator started. */
export async function requestCounts(emulatorUrl: string): Promise<RequestCounts> {
  const { endpoints } = (await control(emulatorUrl, 'GET', 'requests')) as {
    endpoints: Record<string, RequestCounts>;
  };
  return Object.values(endpoints).reduce(
    (sum, { requests, rateLimited }) => ({
      requests: sum.requests + requests,
      rateLimited: sum.rateLimited + rateLimited,
    }),
    { requests: 0, rateLimited: 0 },
  );
}

/** How often each charge of this round was paid, by `chargeId`. */
export async function payments(emulatorUrl: string, round: string): Promise<Map<string, number>> {
  const { charges } = (await control(emulatorUrl, 'GET', 'truth')) as {
    charges: readonly { chargeId: string | null; paid: boolean }[];
  };
  const paid = new Map<string, number>();
  for (const { chargeId } of charges.filter(({ paid }) => paid))
    if (chargeId?.startsWith(`${round}-`)) paid.set(chargeId, (paid.get(chargeId) ?? 0) + 1);
  return paid;
}

/** What the bank says to the next charges of this card. */
export async function script(
  emulatorUrl: string,
  paymentMethod: string,
  ...outcomes: string[]
): Promise<void> {
  await control(emulatorUrl, 'POST', 'outcomes', { paymentMethod, outcomes });
}

/** The customer does what their bank asks. */
export async function authenticate(emulatorUrl: string, intentId: string): Promise<void> {
  await control(emulatorUrl, 'POST', `challenges/${intentId}`, { result: 'succeed' });
}
