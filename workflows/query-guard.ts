// Keeps a life from going on while it is only being looked at. It decides nothing and leaves nothing in the history.
import { condition, workflowInfo } from '@temporalio/workflow';

/**
 * Fails, live, whatever would be done outside of a workflow task of its own. A query for a run that its worker does not
 * hold brings the whole history along, also what no task has taken in yet. SDK 1.24 then takes it in at once, and an
 * update that comes with the real task is recorded after what followed from it; a replay takes both in together, the
 * update first, and the run can never go on. Failed here, the query is asked again and the run is replayed.
 *
 * Such a moment is known by a history that has grown though no task has begun since: time stands still. Where it stands
 * still for another reason (a server's clock was set back), a task is tried again, which is harmless.
 */
export function failWhenAdvancedByQuery(): void {
  let last = { historyLength: workflowInfo().historyLength, atMs: Date.now() };
  // Looked at in each activation, before anybody who waits goes on.
  void condition(() => {
    const { historyLength, unsafe } = workflowInfo();
    const now = { historyLength, atMs: Date.now() };
    if (!unsafe.isReplaying && now.historyLength > last.historyLength && now.atMs === last.atMs)
      throw new Error('this run cannot be looked at while it has news to take in; ask again');
    last = now;
    return false;
  });
}
