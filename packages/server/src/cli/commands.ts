import type { Command } from 'commander';

export type Define = (command: Command) => void;

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  /** Only the file of the command that was asked for is loaded. */
  readonly load: () => Promise<{ readonly define: Define }>;
}

const work = 'Work:';
const look = 'Look:';
const steer = 'Steer:';
const fleet = 'Fleet:';
const run = 'Run the yard:';

/** Every command, once: `switchyard --help` lists them in this order. */
export const commands: readonly CommandRow[] = [
  {
    name: 'run',
    group: work,
    summary: 'run a command in the yard, here: its output, its exit code',
    load: () => import('./commands/run.ts'),
  },
  { name: 'submit', group: work, summary: 'hand in a job and print its id', load: () => import('./commands/submit.ts') },
  { name: 'render', group: work, summary: 'render frames of a Blender file', load: () => import('./commands/render.ts') },
  {
    name: 'simulate',
    group: work,
    summary: 'simulate a DNA structure with oxDNA',
    load: () => import('./commands/simulate.ts'),
  },
  { name: 'print', group: work, summary: 'print G-code on 3D printers', load: () => import('./commands/print.ts') },
  { name: 'wait', group: work, summary: 'wait until jobs have ended', load: () => import('./commands/wait.ts') },
  { name: 'jobs', group: look, summary: 'list jobs', load: () => import('./commands/jobs.ts') },
  { name: 'job', group: look, summary: 'show one job or one task', load: () => import('./commands/job.ts') },
  { name: 'why', group: look, summary: 'why a job or a task waits', load: () => import('./commands/why.ts') },
  { name: 'logs', group: look, summary: 'show the output of a task', load: () => import('./commands/logs.ts') },
  {
    name: 'artifacts',
    group: look,
    summary: 'list or fetch the files that a task left',
    load: () => import('./commands/artifacts.ts'),
  },
  { name: 'stats', group: look, summary: 'the whole yard at a glance', load: () => import('./commands/stats.ts') },
  { name: 'events', group: look, summary: 'follow what happens', load: () => import('./commands/events.ts') },
  { name: 'cancel', group: steer, summary: 'cancel jobs or tasks', load: () => import('./commands/cancel.ts') },
  { name: 'hold', group: steer, summary: 'keep jobs or tasks from starting', load: () => import('./commands/hold.ts') },
  { name: 'release', group: steer, summary: 'let held jobs or tasks start', load: () => import('./commands/release.ts') },
  { name: 'pause', group: steer, summary: 'stop running tasks for a while', load: () => import('./commands/pause.ts') },
  { name: 'resume', group: steer, summary: 'let paused tasks go on', load: () => import('./commands/resume.ts') },
  { name: 'retry', group: steer, summary: 'run again what failed or was canceled', load: () => import('./commands/retry.ts') },
  { name: 'priority', group: steer, summary: "change a job's priority", load: () => import('./commands/priority.ts') },
  {
    name: 'delete',
    group: steer,
    summary: 'remove jobs with everything that belongs to them',
    load: () => import('./commands/delete.ts'),
  },
  {
    name: 'schedules',
    group: steer,
    summary: 'jobs by the clock: list, add, pause, run, remove',
    load: () => import('./commands/schedules.ts'),
  },
  { name: 'workers', group: fleet, summary: 'list, show and steer workers', load: () => import('./commands/workers.ts') },
  {
    name: 'pools',
    group: fleet,
    summary: 'list and set counted resources of the whole yard',
    load: () => import('./commands/pools.ts'),
  },
  {
    name: 'variables',
    group: fleet,
    summary: 'what {name} stands for in render jobs, per platform',
    load: () => import('./commands/variables.ts'),
  },
  { name: 'worker', group: fleet, summary: 'be a worker on this machine', load: () => import('./commands/worker.ts') },
  {
    name: 'printer-agent',
    group: fleet,
    summary: 'stand for the printers of this machine',
    load: () => import('./commands/printer-agent.ts'),
  },
  { name: 'printers', group: fleet, summary: 'list, show and steer printers', load: () => import('./commands/printers.ts') },
  { name: 'serve', group: run, summary: 'be the server', load: () => import('./commands/serve.ts') },
  { name: 'user', group: run, summary: 'accounts: add, invite, change, remove', load: () => import('./commands/user.ts') },
  { name: 'login', group: run, summary: 'sign in and stay signed in here', load: () => import('./commands/login.ts') },
  { name: 'logout', group: run, summary: 'sign out', load: () => import('./commands/logout.ts') },
  { name: 'sessions', group: run, summary: 'where you are signed in', load: () => import('./commands/sessions.ts') },
  { name: 'dashboard', group: run, summary: 'a one-time link to the dashboard', load: () => import('./commands/dashboard.ts') },
  { name: 'config', group: run, summary: 'show and check the options of the server', load: () => import('./commands/config.ts') },
  { name: 'token', group: run, summary: 'create, list and revoke tokens', load: () => import('./commands/token.ts') },
  {
    name: 'backup',
    group: run,
    summary: 'copy everything that the server keeps, while it runs',
    load: () => import('./commands/backup.ts'),
  },
  { name: 'restore', group: run, summary: 'put a backup back', load: () => import('./commands/restore.ts') },
  {
    name: 'doctor',
    group: run,
    summary: 'look at everything that can be wrong, and say what to do',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'webhooks',
    group: run,
    summary: 'tell others what happens: list, add, test, show, pause, remove',
    load: () => import('./commands/webhooks.ts'),
  },
  {
    name: 'completion',
    group: run,
    summary: 'completion for bash, zsh and fish, with live ids',
    load: () => import('./commands/completion.ts'),
  },
  { name: 'audit', group: run, summary: 'who did what', load: () => import('./commands/audit.ts') },
  { name: 'whoami', group: run, summary: 'which server, which token, which rights', load: () => import('./commands/whoami.ts') },
];
