import type { JobDetail } from '@switchyard/sdk/job-detail.ts';
import type { TaskDetail, TaskStateName, TaskView } from '@switchyard/sdk/task.ts';
import type { Command } from 'commander';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { withExamples } from '../kit/help.ts';
import { whole } from '../kit/numbers.ts';
import { collect, type JsonOption, withJson } from '../kit/options.ts';
import { clean, paint, print, printJson } from '../kit/output.ts';
import { countsText, stateStyle } from '../kit/states.ts';
import { type Column, factsText, tableText } from '../kit/table.ts';
import { parseTarget, targetHelp, taskIdOf, tasksOf } from '../kit/target.ts';
import { bytesText, ranText, whenText } from '../kit/times.ts';
import { jobCauses } from './why.ts';

interface Options extends ConnectionOptions, JsonOption {
  readonly state?: readonly TaskStateName[];
  readonly tasks: number;
}

export function define(command: Command): void {
  withJson(withConnection(command))
    .optionsGroup('Options:')
    .argument('<id>', targetHelp)
    .option('--state <state>', 'only tasks in these states', collect)
    .option('--tasks <n>', 'list so many of its tasks', whole(0, 1_000_000), 20)
    .action(action(job));
  withExamples(command, [
    ['switchyard job 12', 'the job and its first tasks'],
    ['switchyard job 12 --state failed --tasks 1000', 'what went wrong in it'],
    ['switchyard job 12.7', 'index 7 of its array: attempts, files, logs'],
  ]);
}

async function job({ client }: Context, options: Options, word: string): Promise<number> {
  const target = parseTarget(word);
  if (target.is !== 'job') {
    const detail = await client.tasks.show(await taskIdOf(client, target));
    if (options.json === true) printJson(detail);
    else {
      showTask(detail);
      const { causes } = await client.tasks.why(detail.id);
      if (causes.length > 0) print(`\nWhy it waits:\n${causes.map(({ text }) => `  - ${clean(text)}`).join('\n')}`);
    }
    return 0;
  }
  const detail = await client.jobs.show(target.job);
  const tasks: TaskView[] = [];
  const limit = Math.min(1_000, options.tasks);
  if (options.tasks > 0) {
    for await (const task of tasksOf(client, target.job, { state: options.state, limit })) {
      if (tasks.push(task) >= options.tasks) break;
    }
  }
  if (options.json === true) {
    printJson({ ...detail, tasks });
    return 0;
  }
  showJob(detail, tasks);
  if (detail.counts.waiting + detail.counts.ready > 0) await showWhy(client, target.job);
  return 0;
}

async function showWhy(client: Context['client'], id: number): Promise<void> {
  const lines = jobCauses(await client.jobs.why(id));
  if (lines.length > 0) print(`\nWhy it waits:\n${lines.slice(0, 10).join('\n')}`);
}

function state(text: string): string {
  const style = stateStyle(text);
  return style === null ? text : paint(style, text);
}

function showJob(detail: JobDetail, tasks: readonly TaskView[]): void {
  const now = Date.now();
  print(`${paint('bold', `Job ${detail.id}`)}  ${state(detail.state)}  ${clean(detail.name)}`);
  print(
    factsText([
      ['kind', detail.kind],
      ['owner', detail.owner],
      ['priority', detail.priority],
      [
        'labels',
        Object.entries(detail.labels)
          .map((pair) => pair.join('='))
          .join(', '),
      ],
      ['asked for', detail.intent === 'none' ? null : detail.intent],
      ['submitted', whenText(detail.createdAt, now)],
      ['started', detail.startedAt === null ? null : whenText(detail.startedAt, now)],
      ['ended', detail.endedAt === null ? null : whenText(detail.endedAt, now)],
      ['deadline', detail.deadline === null ? null : whenText(detail.deadline, now)],
      ['ran', ranText(detail.startedAt, detail.endedAt, now)],
      ['tasks', countsText(detail.counts)],
      ...detail.arrays.map(
        (array) =>
          ['array', `${array.key ?? ''} ${array.size} tasks, t${array.id} to t${array.id + array.size - 1}`.trim()] as const,
      ),
    ]),
  );
  if (tasks.length === 0) return;
  print(`\n${tableText(taskColumns(now), tasks)}`);
  if (tasks.length < detail.total) print(paint('dim', `… ${detail.total} in all: --tasks ${detail.total}`));
}

const taskColumns = (now: number): readonly Column<TaskView>[] => [
  { title: 'TASK', value: (task) => `t${task.id}`, right: true },
  { title: 'STATE', value: (task) => task.state, style: (task) => stateStyle(task.state) },
  { title: 'INDEX', value: (task) => task.index ?? '', right: true },
  { title: 'KEY', value: (task) => task.key ?? '' },
  { title: 'TRY', value: (task) => task.attempt, right: true },
  { title: 'WORKER', value: (task) => task.worker?.name ?? '' },
  { title: 'RAN', value: (task) => ranText(task.startedAt, task.endedAt, now), right: true },
  { title: 'EXIT', value: (task) => task.exitCode ?? task.signal ?? '', right: true },
  { title: 'NOTE', value: noteOf },
];

function noteOf(task: TaskView): string {
  if (task.error !== null) return task.error.split('\n')[0] ?? '';
  if (task.progress !== null) return progressOf(task.progress);
  if (task.held) return 'held';
  if (task.state === 'waiting' && task.parentsLeft > 0) return `waits for ${task.parentsLeft}`;
  if (task.state === 'waiting' && task.notBefore !== null) return `not before ${whenText(task.notBefore, Date.now())}`;
  return task.text ?? '';
}

function progressOf(progress: NonNullable<TaskView['progress']>): string {
  const { done, total, unit, phase } = progress;
  const amount = total === null ? String(done) : total === 1 ? `${Math.round(done * 100)}%` : `${done}/${total}`;
  return [amount, unit, phase].filter((part) => part !== null).join(' ');
}

function showTask(task: TaskDetail): void {
  const now = Date.now();
  print(`${paint('bold', `Task t${task.id}`)} of job ${task.job}  ${state(task.state)}`);
  print(
    factsText([
      ['key', task.key],
      ['index', task.index],
      ['kind', task.kind],
      ['why', task.text ?? task.reason],
      ['error', task.error],
      ['exit', task.exitCode ?? task.signal],
      ['worker', task.worker === null ? null : `${task.worker.name} (${task.worker.id})`],
      ['ran', ranText(task.startedAt, task.endedAt, now)],
      ['progress', task.progress === null ? null : progressOf(task.progress)],
      ['failures', task.failures],
      ['losses', task.losses],
      ['output', `${bytesText(task.logs.out)} out, ${bytesText(task.logs.err)} err`],
      ['payload', JSON.stringify(task.payload).slice(0, 2_000)],
    ]),
  );
  if (task.attempts.length > 0) print(`\n${tableText(attemptColumns(now), task.attempts)}`);
  if (task.artifacts.length > 0) print(`\n${tableText(artifactColumns, task.artifacts)}`);
}

const attemptColumns = (now: number): readonly Column<TaskDetail['attempts'][number]>[] => [
  { title: 'ATTEMPT', value: (attempt) => attempt.number, right: true },
  {
    title: 'OUTCOME',
    value: (attempt) => attempt.outcome ?? 'running',
    style: (attempt) => stateStyle(attempt.outcome ?? 'running'),
  },
  { title: 'WORKER', value: (attempt) => attempt.workerName },
  { title: 'STARTED', value: (attempt) => whenText(attempt.startedAt, now) },
  { title: 'RAN', value: (attempt) => ranText(attempt.startedAt, attempt.endedAt, now), right: true },
  { title: 'EXIT', value: (attempt) => attempt.exitCode ?? attempt.signal ?? '', right: true },
  { title: 'NOTE', value: (attempt) => attempt.error?.split('\n')[0] ?? attempt.reason ?? '' },
];

export const artifactColumns: readonly Column<TaskDetail['artifacts'][number]>[] = [
  { title: 'SIZE', value: (artifact) => bytesText(artifact.size), right: true },
  { title: 'SHA-256', value: (artifact) => artifact.blob.slice(0, 12) },
  { title: 'FILE', value: (artifact) => artifact.path },
];
