/** The DNAforge editor's calls, as far as benches need them. */
export interface Editor {
  readonly token: string;
  /** The text of the answer; anything but 200 is an error. */
  call(method: string, path: string, body?: string): Promise<string>;
}

export async function enterEditor(url: string): Promise<Editor> {
  const token = await (await fetch(`${url}/auth`, { headers: { authorization: 'null' } })).text();
  const headers = { authorization: token, 'content-type': 'application/json' };
  return {
    token,
    async call(method, path, body) {
      const answer = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.statusText}`);
      return text;
    },
  };
}

/** A strand of `n` nucleotides, as long in bytes as the editor posts it, and one stage that prints every `every` steps. */
export function simulation(n: number, steps: number, every: number): string {
  const row =
    '-12.3456789012345 45.6789012345678 -1.23456789012345 0.123456789 0.123456789 0.987654321 0.123456789 -0.987654321 0.123456789 0 0 0 0 0 0';
  const top = `${n} 1 5->3\n${'ACGT'.repeat(Math.ceil(n / 4)).slice(0, n)} type=DNA circular=false\n`;
  const rows = Array.from({ length: n }, (_, i) => row.replace('-12', String(i)));
  const dat = `t = 0\nb = 1000 1000 1000\nE = 0 0 0\n${rows.join('\n')}`;
  const content = `sim_type = min\nbackend = CPU\ninteraction_type = DNA\nT = 20C\ndt = 0.005\nsteps = ${steps}\nprint_conf_interval = ${every}\nprint_energy_every = ${every}`;
  const config = { type: 'FileConfig', metadata: {}, createTrajectory: false, autoExtendStage: false, maxExtensions: 0, content };
  return JSON.stringify({ metadata: { title: 'bench' }, configs: [config], top, dat, forces: '' });
}
