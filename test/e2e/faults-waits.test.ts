// Stripe is busy, or has forgotten the key: waiting and asking, never another charge.
import { FAULTS, playFaults, playKeysEnd } from './faults.ts';

playFaults(FAULTS.slice(8));
playKeysEnd();
