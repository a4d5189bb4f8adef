// Signs and reads the links to a customer's pages.
import { createHash } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { isId } from '../domain/shared/ids.ts';
import { DAY } from '../domain/shared/time.ts';

/** How long a link is valid, milliseconds of wall time. A step-up waits for less, and an enrolment is renewed. */
export const LINK_LIFE = 30 * DAY;

/** Which page a link opens; it never opens the other. */
export type LinkPurpose = 'enrol' | 'step-up';

export interface EnrolLink {
  readonly customerId: string;
  /** A later enrolment has a link of its own. */
  readonly enrolmentNumber: number;
}

export interface StepUpLink {
  readonly customerId: string;
  readonly chargeId: string;
}

export interface Links {
  /** @returns the URL of the page on which a customer gives a card */
  enrol(customerId: string, enrolmentNumber: number): Promise<string>;
  /** @returns the URL of the page on which a customer authenticates a charge */
  stepUp(customerId: string, chargeId: string): Promise<string>;
  /** @returns what the link is for; null when it is forged, expired, or for another purpose */
  open(purpose: 'enrol', token: string): Promise<EnrolLink | null>;
  open(purpose: 'step-up', token: string): Promise<StepUpLink | null>;
}

const ALGORITHM = 'HS256';

/**
 * @param secrets at least 32 characters each; the first signs and all of them verify, so that secrets can be rolled
 * @param publicUrl where customers reach the api, with its path if it has one
 */
export function createLinks({
  secrets,
  publicUrl,
}: {
  readonly secrets: readonly string[];
  readonly publicUrl: string;
}): Links {
  const keys = secrets.map((secret) => createHash('sha256').update(secret).digest());
  const [signingKey] = keys;
  if (signingKey === undefined) throw new RangeError('links need a secret');
  const root = publicUrl.replace(/\/+$/, '');

  async function sign(purpose: LinkPurpose, customerId: string, about: string): Promise<string> {
    const expiresAt = Math.floor((Date.now() + LINK_LIFE) / 1000);
    const token = await new SignJWT({ about })
      .setProtectedHeader({ alg: ALGORITHM })
      .setAudience(purpose)
      .setSubject(customerId)
      .setExpirationTime(expiresAt)
      .sign(signingKey as Uint8Array);
    return `${root}/${purpose}/${token}`;
  }

  async function verify(
    purpose: LinkPurpose,
    token: string,
  ): Promise<{ readonly customerId: string; readonly about: string } | null> {
    for (const key of keys) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          audience: purpose,
          requiredClaims: ['sub', 'exp', 'about'],
        });
        const { sub, about } = payload;
        return typeof sub === 'string' && typeof about === 'string' ? { customerId: sub, about } : null;
      } catch (error) {
        // Not signed with this secret, or expired. Callers are not told which.
        if (!(error instanceof errors.JOSEError)) throw error;
      }
    }
    return null;
  }

  async function open(purpose: 'enrol', token: string): Promise<EnrolLink | null>;
  async function open(purpose: 'step-up', token: string): Promise<StepUpLink | null>;
  async function open(purpose: LinkPurpose, token: string): Promise<EnrolLink | StepUpLink | null> {
    const signed = await verify(purpose, token);
    if (signed === null || !isId(signed.customerId)) return null;
    const { customerId, about } = signed;
    if (purpose === 'step-up') return isId(about) ? { customerId, chargeId: about } : null;
    const enrolmentNumber = Number(about);
    return Number.isSafeInteger(enrolmentNumber) ? { customerId, enrolmentNumber } : null;
  }

  return {
    enrol: (customerId, enrolmentNumber) => sign('enrol', customerId, String(enrolmentNumber)),
    stepUp: (customerId, chargeId) => sign('step-up', customerId, chargeId),
    open,
  };
}
