/**
 * The options that a stage is described with (dnaforge §3.4), once: what clients are shown (`available.ts`), what answers are
 * checked against and become as keys of oxDNA (`answers.ts`), what the default stages name (`defaults.ts`).
 */
export type ValueType = 'UNSIGNED_INTEGER' | 'FLOAT' | 'BOOLEAN';
export type Keys = Readonly<Record<string, string>>;

export interface Property {
  readonly is: 'property';
  readonly name: string;
  readonly type: ValueType;
  /** Every one of them gets the value. */
  readonly keys: readonly string[];
  /** Follows the value. */
  readonly suffix?: string;
}

export interface Choice {
  readonly is: 'choice';
  readonly name: string;
  /** The first one is what a client shows at the beginning. */
  readonly values: readonly Options[];
}

export interface Options {
  readonly name: string;
  /** Set by choosing it. */
  readonly sets: Keys;
  readonly entries: readonly Entry[];
}

export type Entry = Property | Choice;

const property = (type: ValueType) => (name: string, keys: string | readonly string[], suffix?: string) => {
  const made = { is: 'property', name, type, keys: typeof keys === 'string' ? [keys] : keys } as const;
  return suffix === undefined ? made : { ...made, suffix };
};
const whole = property('UNSIGNED_INTEGER');
const float = property('FLOAT');
const yesNo = property('BOOLEAN');
const choice = (name: string, values: readonly Options[]): Choice => ({ is: 'choice', name, values });
const value = (name: string, sets: Keys, entries: readonly Entry[] = []): Options => ({ name, sets, entries });

const salt = float('Salt Concentration', 'salt_concentration');

function nucleicAcid(names: { DNA: string; RNA: string; NA?: string }, saltUnderNa: boolean): Choice {
  const { DNA, RNA, NA } = names;
  const both = [value('DNA', { interaction_type: DNA }), value('RNA', { interaction_type: RNA })];
  const third = NA === undefined ? [] : [value('NA', { interaction_type: NA }, saltUnderNa ? [salt] : [])];
  return choice('Nucleic Acid', [...both, ...third]);
}

const interactionType = choice('Interaction Type', [
  value('Relaxation', { backend: 'CPU' }, [
    float('Relax Strength', 'relax_strength'),
    nucleicAcid({ DNA: 'DNA_relax', RNA: 'RNA_relax', NA: 'NA_relax' }, true),
    choice('Relaxation Force', [
      value('Constant Force', { relax_type: 'constant_force' }),
      value('Harmonic Force', { relax_type: 'harmonic_force' }),
    ]),
  ]),
  value('v1', {}, [nucleicAcid({ DNA: 'DNA', RNA: 'RNA' }, false)]),
  value('v2', {}, [salt, nucleicAcid({ DNA: 'DNA2', RNA: 'RNA2', NA: 'NA' }, false)]),
]);

const thermostat = choice('Thermostat', [
  value('Brownian Thermostat', { thermostat: 'brownian' }, [
    whole('Newtonian Steps', 'newtonian_steps'),
    float('Momentum-Refresh-Probability', 'pt'),
    float('Base Diffusion Coefficient', 'diff_coeff'),
  ]),
]);

const simulationType = choice('Simulation Type', [
  value('Potential Energy Minimization', { sim_type: 'min', backend: 'CPU' }, [
    nucleicAcid({ DNA: 'DNA', RNA: 'RNA', NA: 'NA' }, true),
  ]),
  value('Monte Carlo Simulation', { sim_type: 'MC', backend: 'CPU', ensemble: 'nvt' }, [
    float('\u0394Translation', 'delta_translation'),
    float('\u0394Rotation', 'delta_rotation'),
    interactionType,
    thermostat,
  ]),
  // A relaxation below it takes the CPU again: later keys win.
  value('Molecular Dynamics Simulation', { sim_type: 'MD', backend: 'CUDA' }, [interactionType, thermostat]),
]);

export const tree: Options = {
  name: 'Manual Config',
  sets: {
    time_scale: 'linear',
    restart_step_counter: 'true',
    refresh_vel: 'true',
    trajectory_print_momenta: 'true',
    rcut: '2.0',
  },
  entries: [
    whole('Steps', 'steps'),
    float('\u0394T', 'dt'),
    float('Temperature (\u00b0C)', 'T', 'C'),
    float('Max. Backbone Force', 'max_backbone_force'),
    float('Max. Backbone Force Far', 'max_backbone_force_far'),
    float('Verlet Skin', 'verlet_skin'),
    yesNo('External Forces', 'external_forces'),
    whole('Print Interval', ['print_conf_interval', 'print_energy_every']),
    simulationType,
  ],
};
