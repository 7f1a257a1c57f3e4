import { limits } from '@switchyard/sdk/names.ts';
import type { BodyInput, GraphTask, Needs, ShellSpec, TaskBody } from '@switchyard/sdk/task-spec.ts';
import { type Result, refuse } from '../domain/errors.ts';
import type { TaskPlan } from '../domain/plan.ts';
import { arrayOf } from './array.ts';

/** A worker that can put files into a fresh folder and collect them again has this tag (ours does, a Kueue worker does not). */
export const filesTag = 'files';

export const defaultMaxLosses = 5;
const nameLength = 80;

export function shellName(argv: readonly string[]): string {
  const text = argv.join(' ').replaceAll(/\s+/g, ' ').trim().toWellFormed();
  return (text.length > nameLength ? `${text.slice(0, nameLength - 1).toWellFormed()}…` : text) || 'shell';
}

interface Where {
  readonly key: string | null;
  /** JSON pointer of the task in the request. */
  readonly at: string;
  /** Position of another task of the plan, by its key. */
  resolve(key: string): number | null;
}

/** The plan of one shell task and its body as JSON text. Dependencies are left to the caller. */
export function planShell(spec: ShellSpec | GraphTask, where: Where): Result<{ plan: TaskPlan; body: string }> {
  const array = arrayOf(spec.array, `${where.at}/array`);
  if (array.refusal !== undefined) return array;
  const inputs = inputsOf(spec, where);
  if (inputs.refusal !== undefined) return inputs;
  const outside = pathOutside(spec);
  if (outside !== null) {
    return refuse('invalid', `${outside.path} leads out of the task's folder; use a path below it`, `${where.at}${outside.at}`);
  }
  const { argv, cwd, env, stdout, stderr } = spec;
  if (argv[0] === '' || argv.some((word) => word.includes('\0'))) {
    return refuse('invalid', 'The program must have a name, and no argument may hold a zero byte', `${where.at}/argv`);
  }
  if (cwd !== undefined && !isAbsolute(cwd)) {
    return refuse('invalid', `cwd must be an absolute path; ${cwd} is not`, `${where.at}/cwd`);
  }
  const payload = defined({ argv, cwd, env, stdout, stderr });
  const body: TaskBody = {
    payload,
    ...(inputs.value.list.length > 0 ? { inputs: inputs.value.list } : {}),
    ...(spec.outputs && spec.outputs.length > 0 ? { outputs: spec.outputs } : {}),
  };
  const usesFiles = cwd === undefined || body.inputs !== undefined || body.outputs !== undefined;
  const { needs = {} } = spec;
  return {
    value: {
      body: JSON.stringify(body),
      plan: {
        key: where.key,
        kind: 'shell',
        tags: usesFiles ? [...(needs.tags ?? []), filesTag] : (needs.tags ?? []),
        amounts: amountsOf(needs),
        pools: needs.pools ?? {},
        pin: needs.worker ?? null,
        priority: spec.priority ?? 0,
        policy: {
          retries: spec.retries ?? 0,
          maxLosses: spec.maxLosses ?? defaultMaxLosses,
          on: spec.retryOn ?? 'any',
          backoffMs: spec.backoffMs ?? 1_000,
          onLoss: 'requeue',
        },
        timeoutMs: spec.timeoutMs ?? 0,
        silenceMs: spec.silenceMs ?? 0,
        body: null,
        after: [],
        array: array.value,
        refersTo: inputs.value.refersTo,
        takesFrom: inputs.value.takesFrom,
      },
    },
  };
}

function amountsOf(needs: Needs): TaskPlan['amounts'] {
  return { slots: needs.slots ?? 1, cpus: needs.cpus ?? 0, ramMb: needs.ramMb ?? 0, named: needs.resources ?? {} };
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

interface Inputs {
  readonly list: BodyInput[];
  readonly refersTo: number[];
  readonly takesFrom: number[];
}

function inputsOf(spec: ShellSpec | GraphTask, where: Where): Result<Inputs> {
  const list: BodyInput[] = [];
  const refersTo: number[] = [];
  const takesFrom: number[] = [];
  for (const [i, input] of (spec.inputs ?? []).entries()) {
    const { path } = input;
    if ('blob' in input) list.push(input);
    else if (typeof input.task === 'number') {
      takesFrom.push(input.task);
      list.push({ path, task: input.task, count: 1, artifact: input.artifact });
    } else {
      const position = where.resolve(input.task);
      if (position === null) {
        return refuse(
          'unknown_parent',
          `There is no task ${input.task} to take ${input.artifact} from`,
          `${where.at}/inputs/${i}/task`,
        );
      }
      refersTo.push(position);
      // The id is not known yet: see `TaskPlan.refersTo`.
      list.push({ path, task: -1 - position, count: 1, artifact: input.artifact });
    }
  }
  return { value: { list, refersTo, takesFrom } };
}

function pathOutside({ inputs = [], outputs = [] }: ShellSpec | GraphTask): { path: string; at: string } | null {
  const paths = [
    ...inputs.map(({ path }, i) => ({ path, at: `/inputs/${i}/path` })),
    ...outputs.map((path, i) => ({ path, at: `/outputs/${i}` })),
  ];
  return paths.find(({ path }) => leavesFolder(path)) ?? null;
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path) || path.startsWith('\\\\');
}

function leavesFolder(path: string): boolean {
  return isAbsolute(path) || path.includes('\0') || path.length > limits.pathLength || path.split(/[\\/]/).includes('..');
}
