import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./oxdna-stand-in.mjs', import.meta.url));

export interface StandIn {
  /** For `OXDNA_BIN`. */
  readonly file: string;
  /** What each start of it saw. Runs for its version are left out. */
  starts(): { pid: number; argv: string[]; cwd: string; env: Record<string, string>; limits: string }[];
}

/**
 * A program `oxDNA` in the folder with the stand-in's faults set (without `STANDIN_`): a runner passes no variables of ours on,
 * so a script sets them. `before`: shell lines that run first, but not when it is asked for its version.
 */
export function standIn(folder: string, faults: Readonly<Record<string, string | number>> = {}, before = ''): StandIn {
  const diary = join(folder, 'oxdna-diary.jsonl');
  const file = join(folder, 'oxDNA');
  const sets = Object.entries({ DIARY: diary, ...faults }).map(([name, value]) => `export STANDIN_${name}='${value}'`);
  writeFileSync(
    file,
    `#!/bin/sh\n${sets.join('\n')}\nif [ "$1" != -v ]; then :\n${before}\nfi\nexec '${process.execPath}' '${program}' "$@"\n`,
  );
  chmodSync(file, 0o755);
  return {
    file,
    starts() {
      const lines = existsSync(diary) ? readFileSync(diary, 'utf8').trim().split('\n') : [];
      return lines.map((line) => JSON.parse(line)).filter(({ argv }) => argv[0] !== '-v');
    },
  };
}

/** A strand of `n` nucleotides whose bonds are `gap` long (0.75 is at rest), in the format of today's clients. */
export function strand(n: number, gap = 2): { top: string; dat: string; forces: string } {
  const rows = Array.from({ length: n }, (_, i) => `${(i * gap).toFixed(3)} 0 0 1 0 0 0 0 1 0 0 0 0 0 0`);
  return {
    top: `${n} 1 5->3\n${'ACGT'.repeat(Math.ceil(n / 4)).slice(0, n)} type=DNA circular=false\n`,
    // As the client posts it: without a line end.
    dat: `t = 0\nb = 100 100 100\nE = 0 0 0\n${rows.join('\n')}`,
    forces: `{\ntype = mutual_trap\nparticle = 0\nref_particle = ${n - 1}\nstiff = 0.1\nr0 = 1.2\nPBC = 1\n}\n`,
  };
}

/** The stage's own keys, as a door makes them. */
export function stageInput(keys: Readonly<Record<string, string | number>> = {}): string {
  const all = {
    sim_type: 'min',
    backend: 'CPU',
    interaction_type: 'DNA',
    dt: 0.005,
    T: '30.0C',
    steps: 100,
    print_conf_interval: 10,
    print_energy_every: 10,
    external_forces: 'true',
    ...keys,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}
