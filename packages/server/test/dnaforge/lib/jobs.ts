/** Requests as the editor makes them. Imports no product code. */
export function strand(n = 4): { top: string; dat: string; forces: string } {
  const rows = Array.from({ length: n }, (_, i) => `${i} 0 0 1 0 0 0 0 1 0 0 0 0 0 0`);
  return {
    top: `${n} 1 5->3\n${'ACGT'.repeat(Math.ceil(n / 4)).slice(0, n)} type=DNA circular=false\n`,
    dat: `t = 0\nb = 100 100 100\nE = 0 0 0\n${rows.join('\n')}`,
    forces: '',
  };
}

const answers = (steps: number, every: number): Record<string, string> => ({
  Steps: String(steps),
  '\u0394T': '0.005',
  'Temperature (\u00b0C)': '30',
  'Max. Backbone Force': '5',
  'Max. Backbone Force Far': '10',
  'Verlet Skin': '0.15',
  'External Forces': 'true',
  'Print Interval': String(every),
  'Simulation Type': 'Potential Energy Minimization',
  'Nucleic Acid': 'DNA',
});

export interface StageOptions {
  readonly steps?: number;
  readonly every?: number;
  readonly maxExtensions?: number | null;
  readonly autoExtendStage?: boolean;
  readonly createTrajectory?: boolean;
  /** Answers in place of, or beside, the usual ones; undefined takes one away. */
  readonly answers?: Readonly<Record<string, string | undefined>>;
}

export function manual(options: StageOptions = {}) {
  const { steps = 100, every = 10, maxExtensions = 0, autoExtendStage = false, createTrajectory = true } = options;
  const all: Record<string, string | undefined> = { ...answers(steps, every), ...options.answers };
  return {
    type: 'ManualConfig',
    metadata: { title: 'Stage', description: '' },
    createTrajectory,
    autoExtendStage,
    maxExtensions,
    properties: Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])),
  };
}

export const file = (content: string) => ({
  type: 'FileConfig',
  metadata: {},
  createTrajectory: false,
  autoExtendStage: false,
  maxExtensions: 0,
  content,
});

export const metadata = { title: 'Tetra', description: 'first try', algorithm: 'cycle-cover', scale: '0.2', naType: 'DNA' };

export const jobNew = (configs: readonly object[] = [manual()], texts: Partial<ReturnType<typeof strand>> = {}) => ({
  metadata,
  configs,
  ...strand(),
  ...texts,
});
