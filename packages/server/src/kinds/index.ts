import { compileCheck } from '@switchyard/sdk/check.ts';
import type { JobRequest } from '@switchyard/sdk/job.ts';
import { type Result, refuse } from '../domain/errors.ts';
import type { JobPlan } from '../domain/plan.ts';
import { blenderRender } from './blender-render.ts';
import { blenderRenderProgressive } from './blender-render-progressive.ts';
import { blenderVideoChunks } from './blender-video-chunks.ts';
import { commands } from './commands.ts';
import { execCommand } from './exec-command.ts';
import { graph } from './graph.ts';
import type { Around, KindRow } from './kind-row.ts';
import { noop } from './noop.ts';
import { oxdna } from './oxdna.ts';
import { print } from './print.ts';
import { shell } from './shell.ts';
import { sleep } from './sleep.ts';

/** Every kind of job that can be submitted. */
export const kinds: Readonly<Record<string, KindRow>> = {
  shell,
  graph,
  print,
  noop,
  oxdna,
  'blender-render': blenderRender,
  'blender-render-progressive': blenderRenderProgressive,
  'blender-video-chunks': blenderVideoChunks,
  sleep,
  'exec-command': execCommand,
  commands,
};

const checks = new Map(Object.entries(kinds).map(([name, { spec }]) => [name, compileCheck(spec)]));

/** Nobody looked: enough for kinds that do not. */
const unseen: Around = { now: 0, variables: new Map(), offers: () => false, worker: () => null, ends: null };

/** A job that must succeed must end. */
function withoutStrict({ after = [], afterAny = [] }: JobRequest): number[] {
  return [...new Set(afterAny)].filter((id) => !after.includes(id));
}

/** Whether this kind of job is compiled from more than the request. */
export function looksAround(kind: string | undefined): boolean {
  return kind !== undefined && Object.hasOwn(kinds, kind) && kinds[kind]?.looksAround === true;
}

/** Of which stored file this request's compiler must see the ends. Null: of none, or the request is refused anyway. */
export function endsWanted({ kind = '', spec }: JobRequest): { blob: string; head: number; tail: number } | null {
  const { endsOf } = (Object.hasOwn(kinds, kind) ? kinds[kind] : undefined) ?? {};
  if (endsOf === undefined || checks.get(kind)?.(spec) !== null) return null;
  return { blob: endsOf.blob(spec), head: endsOf.head, tail: endsOf.tail };
}

/** Checks the kind's own part of a request and makes the plan of it. The request's own schema has been checked. */
export function compile(request: JobRequest, around: Around = unseen): Result<JobPlan> {
  if (around === unseen && looksAround(request.kind)) throw new Error(`kind ${request.kind} needs to know what is around it`);
  const kind = request.kind ?? 'shell';
  const row = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  const check = checks.get(kind);
  if (row === undefined || check === undefined) {
    return refuse('unknown_kind', `There is no kind ${kind}; there are: ${Object.keys(kinds).join(', ')}`, '/kind');
  }
  const fault = check(request.spec);
  if (fault !== null) {
    const at = `/spec${fault.at}`;
    return refuse(fault.unknown ? 'unknown_field' : 'malformed', `${at} ${fault.text}`, at);
  }
  const made = row.compile(request.spec, request, around);
  if (made.refusal !== undefined) return made;
  return {
    value: {
      name: request.name ?? made.value.name,
      kind,
      priority: request.priority ?? 0,
      labels: request.labels ?? {},
      spec: made.value.spec,
      after: [...new Set(request.after ?? [])],
      ...(request.afterAny === undefined ? {} : { afterAny: withoutStrict(request) }),
      ...(request.deadline === undefined ? {} : { deadline: Date.parse(request.deadline) }),
      ...(request.limit === undefined ? {} : { limit: request.limit }),
      ...(request.rate === undefined ? {} : { rate: request.rate }),
      hold: request.hold ?? false,
      notBefore: request.notBefore === undefined ? null : Date.parse(request.notBefore),
      startOn: request.startOn ?? null,
      tasks: made.value.tasks,
    },
  };
}
