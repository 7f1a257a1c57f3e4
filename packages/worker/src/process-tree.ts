import { spawn } from 'node:child_process';
import { limits } from './limits.ts';
import { allPids, environHas, hasProc, lastPid, procStat } from './proc.ts';
import { pause, type System } from './system.ts';

/** Every process of an attempt carries this variable: `setsid` and double forks do not shake it off. */
export const markerName = 'SWITCHYARD_ATTEMPT_ID';

/** The processes of one attempt: the main one led a group and a session of its own. */
export interface Tree {
  /** Null: only the marker is trusted (the number may belong to somebody else by now). */
  readonly pid: number | null;
  readonly marker: string;
}

/** Living processes of the tree, the main one included. Linux only; elsewhere nothing is found and the group is all we have. */
export function members(tree: Tree): number[] {
  if (!hasProc) return [];
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const pid of allPids()) {
    if (pid === process.pid) continue;
    const stat = procStat(pid);
    if (stat === null || stat.dead) continue;
    parents.set(pid, stat.parent);
    if (pid > 1 && isMember(tree, pid, stat)) found.add(pid);
  }
  // Never what we stand on ourselves: a worker that was started by a task carries that task's marker.
  for (const pid of ancestors(parents)) found.delete(pid);
  addDescendants(parents, found);
  return [...found];
}

/**
 * The same for an attempt that has just ended and was short: process numbers rise, so that only those given out since are
 * looked at. Saves reading the whole table for every small task.
 */
export function youngMembers(tree: Tree): number[] {
  if (!hasProc) return [];
  const first = tree.pid;
  const last = lastPid();
  if (first === null || last === null || last < first || last - first > youngRange) return members(tree);
  const found: number[] = [];
  for (let pid = first + 1; pid <= last; pid += 1) {
    const stat = procStat(pid);
    if (stat !== null && !stat.dead && isMember(tree, pid, stat)) found.push(pid);
  }
  return found.length === 0 ? found : members(tree);
}

/** Beyond so many numbers reading the whole table is as cheap. */
const youngRange = 64;

function isMember(tree: Tree, pid: number, stat: { group: number; session: number }): boolean {
  if (tree.pid !== null && (stat.group === tree.pid || stat.session === tree.pid)) return true;
  return environHas(pid, `${markerName}=${tree.marker}`);
}

function ancestors(parents: ReadonlyMap<number, number>): number[] {
  const found: number[] = [];
  for (let pid: number | undefined = process.ppid; pid !== undefined && pid > 0; pid = parents.get(pid)) found.push(pid);
  return found;
}

/** Catches children that threw their environment away, as long as their parents live. */
function addDescendants(parents: ReadonlyMap<number, number>, found: Set<number>): void {
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (!found.has(parent) || found.has(pid)) continue;
      found.add(pid);
      grown = true;
    }
  }
}

/** To the whole tree: to the group at once, and to whoever left it. */
export function signalTree(tree: Tree, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    if (tree.pid !== null) spawn('taskkill', ['/pid', String(tree.pid), '/T', '/F'], { stdio: 'ignore' }).on('error', () => {});
    return;
  }
  if (tree.pid !== null) send(-tree.pid, signal);
  for (const pid of members(tree)) {
    if (tree.pid === null || procStat(pid)?.group !== tree.pid) send(pid, signal);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile: what we wanted.
  }
}

/** SIGKILL until nothing is left. False: something does not die (a process that waits for a dead disk). */
export async function killTree(tree: Tree, system: System): Promise<boolean> {
  const until = system.monotonic() + limits.killPatienceMs;
  for (let wait = 2; ; wait = Math.min(wait * 2, 200)) {
    signalTree(tree, 'SIGKILL');
    if (members(tree).length === 0) return true;
    if (system.monotonic() > until) return false;
    // The kernel tells nobody but the parent of a process when it is gone: looking again is all there is.
    await pause(system, wait);
  }
}
