import type { Answers } from './answers.ts';
import type { NestedConfig } from './config.ts';

type SimType = NestedConfig['simType'];
type Interaction = Extract<SimType, { type: 'MdConfig' }>['interactionType'];
type Thermostat = Extract<SimType, { type: 'MdConfig' }>['thermostat'];
type Pairs = readonly (readonly [string, string | number])[];

/** The older objects as answers to today's tree: they mean the same keys (dnaforge §6.3). */
export function answersOfNested(config: NestedConfig): Answers {
  const pairs: Pairs = [
    ['Steps', config.steps],
    ['\u0394T', config.dt],
    ['Temperature (\u00b0C)', config.temperature],
    ['Max. Backbone Force', config.maxBackboneForce],
    ['Max. Backbone Force Far', config.maxBackboneForceFar],
    ['Verlet Skin', config.verletSkin],
    ['External Forces', String(config.externalForces)],
    ['Print Interval', Math.max(1, config.printInterval)],
    ...simulation(config.simType),
  ];
  return pairs.map(([name, value]) => ({ name, value: String(value) }));
}

function simulation(sim: SimType): Pairs {
  if (sim.type === 'MinConfig') {
    return [
      ['Simulation Type', 'Potential Energy Minimization'],
      ['Nucleic Acid', 'DNA'],
    ];
  }
  const shared = [...interaction(sim.interactionType), ...thermostat(sim.thermostat)];
  if (sim.type === 'MdConfig') return [['Simulation Type', 'Molecular Dynamics Simulation'], ...shared];
  return [
    ['Simulation Type', 'Monte Carlo Simulation'],
    ['\u0394Translation', sim.deltaTranslation],
    ['\u0394Rotation', sim.deltaRotation],
    ...shared,
  ];
}

function interaction(given: Interaction): Pairs {
  switch (given.type) {
    case 'RelaxInteraction':
      return [
        ['Interaction Type', 'Relaxation'],
        ['Relax Strength', given.relaxStrength],
        ['Nucleic Acid', given.relaxInteractionType === 'DNA_RELAX' ? 'DNA' : 'RNA'],
        ['Relaxation Force', given.relaxType === 'CONSTANT_FORCE' ? 'Constant Force' : 'Harmonic Force'],
      ];
    case 'V1Interaction':
      return [
        ['Interaction Type', 'v1'],
        ['Nucleic Acid', given.v1InteractionType],
      ];
    case 'V2Interaction':
      return [
        ['Interaction Type', 'v2'],
        ['Salt Concentration', given.saltConcentration],
        ['Nucleic Acid', given.v2InteractionType === 'DNA2' ? 'DNA' : 'RNA'],
      ];
  }
}

function thermostat({ newtonianSteps, pt, diffCoeff }: Thermostat): Pairs {
  return [
    ['Thermostat', 'Brownian Thermostat'],
    ['Newtonian Steps', newtonianSteps],
    ['Momentum-Refresh-Probability', pt],
    ['Base Diffusion Coefficient', diffCoeff],
  ];
}
