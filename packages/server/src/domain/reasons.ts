import type { ErrorCode } from './errors.ts';
import type { Reason, TaskStateName } from './task.ts';
import type { TaskRefusal } from './task-machine.ts';
import type { WorkerRefusal } from './worker-machine.ts';

/** Why a task ended badly or is being stopped, for people: the end of a sentence that begins with its state. */
export const reasonTexts: Readonly<Record<Reason, string>> = {
  user: 'somebody asked for it',
  dependency: 'a task that it depends on did not succeed',
  exit: 'the program ended with an error code',
  signal: 'the program was ended by a signal',
  start: 'the program could not be started',
  error: 'the worker reported an error',
  timeout: 'it ran longer than its time limit',
  silence: 'it gave no sign of life for longer than its limit',
  deadline: 'its job did not end before its deadline',
  'worker-lost': 'the connection to its worker was lost',
  'no-candidate': 'no worker is left that could run it',
  drain: 'its worker is being drained',
  shutdown: 'its worker was shut down',
};

/** The same with what is known of the attempt: `the program ended with exit code 3`. */
export function describeReason(reason: Reason, ended?: { exitCode?: number | null; signal?: string | null }): string {
  if (reason === 'exit' && typeof ended?.exitCode === 'number') return `the program ended with exit code ${ended.exitCode}`;
  if (reason === 'signal' && typeof ended?.signal === 'string') return `the program was ended by ${ended.signal}`;
  return reasonTexts[reason];
}

/** What a refusal of the task machine is called outside. */
export const taskRefusalCodes = {
  stale: 'stale',
  void: 'void_offer',
  running: 'running',
  state: 'wrong_state',
} as const satisfies Record<TaskRefusal, ErrorCode>;

/** What a refusal of the worker machine is called outside. */
export const workerRefusalCodes = {
  stale: 'stale',
  state: 'wrong_state',
} as const satisfies Record<WorkerRefusal, ErrorCode>;

/** One sentence for people, to go with the code. `asked` is the verb of the request, such as `hold`. */
export function taskRefusalText(refusal: TaskRefusal, task: number, state: TaskStateName, asked: string): string {
  switch (refusal) {
    case 'stale':
      return `Task ${task} is ${state}; the attempt that reported is not its present one`;
    case 'void':
      return `Task ${task} is ${state}; it is not offered to this worker any more`;
    case 'running':
      return `Task ${task} is ${state}; ask for kill to stop it all the same`;
    default:
      return `Task ${task} is ${state}; ${asked} is not possible then`;
  }
}
