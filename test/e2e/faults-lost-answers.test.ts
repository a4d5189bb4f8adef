// A request or its answer is lost once: the same key brings the answer.
import { FAULTS, playFaults } from './faults.ts';

playFaults(FAULTS.slice(0, 4));
