// Keeps a query from advancing a run (docs/decisions/0018).
import { condition, workflowInfo } from '@temporalio/workflow';

/**
 * Fails, live, whatever would be done outside of a workflow task. A query for a run that its worker does not hold
 * brings the whole history along, also what no task has taken in yet. SDK 1.24 then takes it in at once, and an update
 * that comes with the real task is recorded after what followed from it; a replay takes in both together, the update
 * first, and the run can never go on. When it fails here, the query is asked again and the run is replayed.
 *
 * Such a moment is known by a history that has grown although no task has begun since: time stands still. Where time
 * stands still for another reason (a server's clock was set back), a task is tried again, which is harmless.
 */
export function failWhenAdvancedByQuery(): void {
  let last = { historyLength: workflowInfo().historyLength, atMs: Date.now() };
  // Evaluated in each activation, before anybody who waits goes on.
  void condition(() => {
    const { historyLength, unsafe } = workflowInfo();
    const now = { historyLength, atMs: Date.now() };
    if (!unsafe.isReplaying && now.historyLength > last.historyLength && now.atMs === last.atMs)
      throw new Error('this run cannot be queried while it has something to take in; ask again');
    last = now;
    return false;
  });
}
