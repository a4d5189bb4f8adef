// Answers are lost until nobody knows, or a 500 is stored: Stripe is asked what has become of it.
import { FAULTS, playFaults } from './faults.ts';

playFaults(FAULTS.slice(4, 8));
