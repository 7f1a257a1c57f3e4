import type { Journal, Recorded } from './journal.ts';
import { alive, hasProc, startMark } from './proc.ts';
import { killTree, members, signalTree, type Tree } from './process-tree.ts';
import { pause, type System } from './system.ts';

/**
 * Ends whatever a killed predecessor in this folder had running, so that no task runs twice at once. A process is ours when
 * it carries our marker, or when its number AND its start are as recorded: a reused number is never touched.
 * Ended attempts whose end the server has not acknowledged stay in the journal.
 */
export async function endPredecessors(journal: Journal, instance: string, graceMs: number, system: System): Promise<number> {
  const trees = journal.attempts.filter(({ final, marker }) => final === null && marker !== '').map(treeOf);
  // Whatever the journal may have missed: our instance's name begins every marker.
  if (hasProc) trees.push({ pid: null, marker: `${instance}:` });
  const running = trees.filter(isAlive);
  for (const tree of running) signalTree(tree, 'SIGTERM');
  await grace(running, graceMs, system);
  for (const tree of running) await killTree(tree, system);
  for (const { task, attempt, final } of journal.attempts) if (final === null) journal.forget(task, attempt);
  return running.length;
}

function treeOf({ pid, start, marker }: Recorded): Tree {
  const same = pid !== null && start !== null && startMark(pid) === start;
  return { pid: same ? pid : null, marker };
}

function isAlive(tree: Tree): boolean {
  return hasProc ? members(tree).length > 0 : tree.pid !== null && alive(tree.pid);
}

async function grace(trees: readonly Tree[], graceMs: number, system: System): Promise<void> {
  const until = system.monotonic() + graceMs;
  while (trees.some(isAlive) && system.monotonic() < until) await pause(system, 20);
}
