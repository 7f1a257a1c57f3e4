import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { CliError } from './cli-error.ts';

/** The texts of a simulation, as oxDNA reads them, and its stages as the server does; null: its default ones. */
export interface SimulationFiles {
  readonly name: string;
  readonly topology: Blob;
  readonly configuration: Blob;
  readonly forces: Blob;
  readonly stages: readonly unknown[] | null;
}

const roles = {
  topology: ['.top'],
  configuration: ['.dat', '.conf', '.oxdna'],
  forces: ['.forces', '.force'],
} as const;
type Role = keyof typeof roles;
const stagesName = 'stages.json';

/** From a folder, or from files that are named: which is which is told by their endings. */
export async function findSimulation(paths: readonly string[], stageFiles: readonly string[]): Promise<SimulationFiles> {
  const files = await listed(paths);
  const of = (role: Role): string | null => only(role, files);
  const [topology, configuration, forces] = [of('topology'), of('configuration'), of('forces')];
  if (topology === null) throw missing('topology', paths);
  if (configuration === null) throw missing('configuration', paths);
  const beside = files.find((file) => basename(file) === stagesName);
  const wanted = stageFiles.length > 0 ? stageFiles : beside === undefined ? [] : [beside];
  return {
    name: basename(topology, extname(topology)),
    topology: await content(topology),
    configuration: await content(configuration),
    forces: forces === null ? new Blob([]) : await content(forces),
    stages: wanted.length === 0 ? null : (await Promise.all(wanted.map(stagesOf))).flat(),
  };
}

async function listed(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const facts = await stat(path).catch((error: Error) => {
      throw new CliError(`${path}: ${error.message}`);
    });
    if (facts.isDirectory()) files.push(...(await readdir(path)).sort().map((name) => join(path, name)));
    else files.push(path);
  }
  return files;
}

function only(role: Role, files: readonly string[]): string | null {
  const found = files.filter((file) => (roles[role] as readonly string[]).includes(extname(file).toLowerCase()));
  if (found.length > 1) {
    const names = found.map((file) => basename(file)).join(', ');
    throw new CliError(`There are several files that could be the ${role}: ${names}. Name the files instead of the folder`);
  }
  return found[0] ?? null;
}

function missing(role: Role, paths: readonly string[]): CliError {
  return new CliError(`There is no ${role} (*${roles[role].join(', *')}) in ${paths.join(', ')}`);
}

/** With the line ends that oxDNA wants. */
async function content(path: string): Promise<Blob> {
  const bytes = await readFile(path);
  return new Blob([bytes.includes('\r\n') ? bytes.toString('utf8').replaceAll('\r\n', '\n') : new Uint8Array(bytes)]);
}

/** A list of stages as the server takes them, or one oxDNA input file, which is a stage by itself. */
async function stagesOf(path: string): Promise<readonly unknown[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CliError(`${path}: ${error.message}`);
  });
  if (!/^\s*[[{]/.test(text)) return [{ type: 'FileConfig', content: text }];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`${path} is no JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(value)) return value;
  const { stages, configs } = value as { stages?: unknown; configs?: unknown };
  const list = stages ?? configs ?? [value];
  if (Array.isArray(list)) return list;
  throw new CliError(`${path} must hold a list of stages`);
}
