import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Finding, Level } from '../../app/doctor/finding.ts';
import { readConfigFile } from '../../config/config-file.ts';
import { dataDirOf } from '../../config/data-dir.ts';
import { resolveSettings } from '../../config/settings.ts';
import { action, type Context } from '../kit/action.ts';
import { type ConnectionOptions, withConnection } from '../kit/connection.ts';
import { exitCodes } from '../kit/exit-codes.ts';
import { withExamples } from '../kit/help.ts';
import { type JsonOption, withJson } from '../kit/options.ts';
import { clean, paint, print, printJson, type Style } from '../kit/output.ts';

export function define(command: Command): void {
  withJson(withConnection(command)).action(action(doctor));
  withExamples(
    command,
    [
      ['switchyard doctor', "on the server's machine, as its user; the server may run or not"],
      ['switchyard doctor --json | jq .findings', 'for programs'],
    ],
    'Looks at disk, flush time, clock, ports, programs, permissions, database, backups, workers and stuck tasks, changes nothing,\nand says what to do. Exits with 1 when it found a problem; warnings alone are 0.',
  );
}

async function doctor({ client }: Context, options: ConnectionOptions & JsonOption): Promise<number> {
  const { examine } = await import('../../app/doctor/examine.ts');
  const data = dataDirOf(options.data, process.env);
  const read = await readConfigFile(process.env['SWITCHYARD_CONFIG'], data);
  const resolved =
    'problem' in read ? { problems: [read.problem] } : resolveSettings({ flags: {}, env: process.env, file: read.file });
  const findings = await examine({
    data,
    settings: resolved.problems ?? resolved.settings,
    client,
    clocks: { now: Date.now, monotonic: () => performance.now(), pause: (ms) => pause(ms) },
    path: process.env['PATH'] ?? '',
  });
  const problems = findings.filter(({ level }) => level === 'problem').length;
  if (options.json === true) printJson({ findings });
  else print(text(findings));
  return problems === 0 ? exitCodes.done.code : exitCodes.failed.code;
}

const looks: Readonly<Record<Level, { readonly word: string; readonly style: Style }>> = {
  ok: { word: 'ok', style: 'green' },
  warning: { word: 'warning', style: 'yellow' },
  problem: { word: 'PROBLEM', style: 'red' },
};

function text(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, text: found, todo }) => {
    const { word, style } = looks[level];
    const line = `${paint(style, word.padEnd(7))}  ${check.padEnd(width)}  ${clean(found)}`;
    return todo === null ? [line] : [line, `${' '.repeat(9)}${' '.repeat(width)}  -> ${clean(todo)}`];
  });
  const count = (level: Level): number => findings.filter((one) => one.level === level).length;
  const many = (level: Level): string => `${count(level)} ${level}${count(level) === 1 ? '' : 's'}`;
  return [...lines, '', `${many('problem')}, ${many('warning')}`].join('\n');
}
