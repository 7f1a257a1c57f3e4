import { unreachable } from './unreachable.ts';
import type { Cause, Obstacle, Parent, WorkerName } from './why.ts';

/** One sentence for people, without its full stop. `at` says a moment as they read it. */
export function causeText(cause: Cause, at: (moment: number) => string): string {
  switch (cause.code) {
    case 'held':
      return 'it is held; release it';
    case 'job':
      return jobTexts[cause.intent];
    case 'time':
      return cause.failures > 0
        ? `it failed and is tried again after ${at(cause.until)}`
        : `it is not to start before ${at(cause.until)}`;
    case 'parent':
      return parentText(cause.parent);
    case 'offered':
      return `it is shown to ${nameOf(cause.worker)}, which has not answered yet`;
    case 'pool':
      return cause.total === null
        ? `there is no pool ${cause.pool}, of which it needs ${cause.wanted}`
        : `it needs ${cause.wanted} of pool ${cause.pool}; ${cause.used} of ${cause.total} are in use`;
    case 'limit':
      return `at most ${cause.max} under the key ${cause.key} may run at once; ${cause.used} do`;
    case 'rate':
      return `at most ${cause.max} under the key ${cause.key} may begin every ${cause.perMs / 1000} s; the next one at ${at(cause.until)}`;
    case 'nobody':
      return 'there is no worker';
    case 'workers':
      return workersText(cause, at);
    default:
      return unreachable(cause);
  }
}

const jobTexts = {
  building: 'its job is still being taken in',
  hold: 'its job is held; release it',
  cancel: 'its job is being canceled',
  delete: 'its job is being deleted',
} as const;

function parentText({ kind, id, name, state }: Parent): string {
  const what = `${kind} ${id}${name === null ? '' : ` (${name})`}`;
  return state === null ? `it waits for ${what}, which was deleted` : `it waits for ${what}, which is ${state}`;
}

const nameOf = ({ id, name }: WorkerName): string => (name === '' ? `worker ${id}` : `${name} (worker ${id})`);

const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  slots: ['slot', 'slots'],
  cpus: ['cpu', 'cpus'],
  ramMb: ['MiB of memory', 'MiB of memory'],
};
const amountText = (n: number, what: string): string => `${n} ${units[what]?.[n === 1 ? 0 : 1] ?? what}`;

/** The same words for one worker and for many: what it is, then who. */
function workersText(cause: Cause & { code: 'workers' }, at: (moment: number) => string): string {
  const { workers, count, obstacle } = cause;
  const names = workers.map(nameOf).join(', ');
  const who = count > workers.length ? `${names} and ${count - workers.length} more` : names;
  if (obstacle.code === 'kind') return 'no worker takes tasks of its kind';
  return `${obstacleText(obstacle, at)}: ${who}`;
}

function obstacleText(obstacle: Exclude<Obstacle, { code: 'kind' }>, at: (moment: number) => string): string {
  switch (obstacle.code) {
    case 'pin':
      return 'it is meant for another worker than';
    case 'tags':
      return `without the ${obstacle.missing.length === 1 ? 'tag' : 'tags'} ${obstacle.missing.join(', ')} that it needs`;
    case 'size':
      return `too small, it needs ${amountText(obstacle.wanted, obstacle.what)}`;
    case 'testing':
      return 'testing, and takes nothing but tests';
    case 'status':
      return statusTexts[obstacle.status];
    case 'mode':
      return obstacle.mode;
    case 'asked':
      return obstacle.mode === 'shutdown' ? 'asked to shut down' : `asked to be ${obstacle.mode}`;
    case 'gate':
      return 'nobody has said yet that it is clear ("switchyard printers clear", or its page)';
    case 'blocked':
      return obstacle.until === null ? 'blocked in this job' : `blocked in this job until ${at(obstacle.until)}`;
    case 'excluded':
      return excludedText(obstacle, at);
    case 'busy':
      return `too little room at present, it needs ${amountText(obstacle.wanted, obstacle.what)}`;
    case 'kept':
      return `kept for the larger task ${obstacle.task}, which stands before it`;
    case 'behind':
      return 'other tasks stand before it on';
    default:
      return unreachable(obstacle);
  }
}

const statusTexts = {
  pending: 'waiting to be let in',
  starting: 'not ready yet',
  online: 'online',
  lost: 'out of reach',
  offline: 'offline',
} as const;

function excludedText({ why, until }: Obstacle & { code: 'excluded' }, at: (moment: number) => string): string {
  switch (why) {
    case 'failed':
      return until === null
        ? 'it failed there and is not tried there again'
        : `it failed there and may come back after ${at(until)}`;
    case 'rejected':
      return 'it was rejected by';
    case 'deferred':
      return 'put off until there is more room by';
    case 'void':
      return 'the withdrawal of an earlier offer is not answered yet by';
    default:
      return unreachable(why);
  }
}
