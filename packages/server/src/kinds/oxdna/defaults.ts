import type { StageConfig } from './config.ts';

/** Three relaxations and a simulation (dnaforge §3.5): what a client offers at the beginning, and what runs where nobody says. */
interface Recipe {
  readonly title: string;
  readonly description: string;
  readonly maxExtensions: number;
  readonly answers: Readonly<Record<string, string>>;
}

const forces = { 'Temperature (\u00b0C)': '30.0', 'Max. Backbone Force': '5.0', 'Max. Backbone Force Far': '10.0' };
const brownian = (newtonianSteps: string) => ({
  Thermostat: 'Brownian Thermostat',
  'Newtonian Steps': newtonianSteps,
  'Momentum-Refresh-Probability': '0.99',
  'Base Diffusion Coefficient': '2.5',
});
const relaxation = (strength: string) => ({
  'Interaction Type': 'Relaxation',
  'Relax Strength': strength,
  'Nucleic Acid': 'DNA',
  'Relaxation Force': 'Constant Force',
});

const recipes: readonly Recipe[] = [
  {
    title: 'First Relaxation Stage',
    description: 'Minimises the potential energy, so that overlaps and overstretched bonds of the design do not tear it apart.',
    maxExtensions: 20,
    answers: {
      Steps: '2000',
      '\u0394T': '0.005',
      ...forces,
      'Verlet Skin': '0.15',
      'External Forces': 'true',
      'Print Interval': '100',
      'Simulation Type': 'Potential Energy Minimization',
      'Nucleic Acid': 'DNA',
    },
  },
  {
    title: 'Second Relaxation Stage',
    description: 'Small random moves under gentle relaxation forces, repeated until the energy settles.',
    maxExtensions: 20,
    answers: {
      Steps: '100',
      '\u0394T': '0.00001',
      ...forces,
      'Verlet Skin': '0.5',
      'External Forces': 'true',
      'Print Interval': '10',
      'Simulation Type': 'Monte Carlo Simulation',
      '\u0394Translation': '0.1',
      '\u0394Rotation': '0.1',
      ...relaxation('1.0'),
      ...brownian('103'),
    },
  },
  {
    title: 'Third Relaxation Stage',
    description: 'A short dynamics run under strong relaxation forces that pulls the remaining long bonds together.',
    maxExtensions: 0,
    answers: {
      Steps: '1000',
      '\u0394T': '0.005',
      ...forces,
      'Verlet Skin': '0.5',
      'External Forces': 'true',
      'Print Interval': '100',
      'Simulation Type': 'Molecular Dynamics Simulation',
      ...relaxation('100.0'),
      ...brownian('1'),
    },
  },
  {
    title: 'Simulation Stage',
    description: 'The simulation proper: molecular dynamics of the relaxed structure, free of outer forces.',
    maxExtensions: 0,
    answers: {
      Steps: '1000000',
      '\u0394T': '0.005',
      ...forces,
      'Verlet Skin': '0.05',
      'External Forces': 'false',
      'Print Interval': '10000',
      'Simulation Type': 'Molecular Dynamics Simulation',
      'Interaction Type': 'v1',
      'Nucleic Acid': 'DNA',
      ...brownian('103'),
    },
  },
];

export const defaultStages: readonly StageConfig[] = recipes.map(({ title, description, maxExtensions, answers }) => ({
  type: 'ManualConfig',
  metadata: { title, description },
  createTrajectory: true,
  autoExtendStage: maxExtensions > 0,
  maxExtensions,
  properties: Object.entries(answers).map(([name, value]) => ({ name, value })),
}));
