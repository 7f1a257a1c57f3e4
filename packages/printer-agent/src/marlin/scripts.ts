import type { Modes } from './modes.ts';
import type { Position } from './replies.ts';
import { heaters, type Temperatures } from './temperatures.ts';
import type { Next } from './wire.ts';

/** Commands of our own, and what follows when the last of them has been accepted. */
export interface Step {
  readonly text: string;
  readonly next: Next | null;
}

/** How the head gets out of the way of a paused print. Millimetres. */
export interface Park {
  readonly retract: number;
  readonly lift: number;
  /** Where to; null: straight up. */
  readonly at: { readonly x: number; readonly y: number } | null;
}

const travel = 6_000;
const vertical = 600;
const extrude = 1_800;
/** Below this nothing can be pushed through a nozzle. */
const meltsAt = 170;

function stepsOf(texts: readonly string[], next: Next): readonly Step[] {
  return texts.map((text, at) => ({ text, next: at === texts.length - 1 ? next : null }));
}

export const greetScript: readonly Step[] = [{ text: 'M110 N0', next: 'greeted' }];
export const describeScript: readonly Step[] = [{ text: 'M115', next: 'described' }];

export function reportScript(autoReport: boolean): readonly Step[] {
  return autoReport ? stepsOf(['M155 S2', 'M105'], 'ready') : stepsOf(['M105'], 'ready');
}

/** All that can be hot, off. Without knowledge of the tools the active one is meant. */
export function heatersOff(temperatures: Temperatures): readonly string[] {
  const tools = heaters.slice(1, 4).some((heater) => temperatures[heater] !== undefined)
    ? heaters.slice(0, 4).flatMap((heater, tool) => (temperatures[heater] === undefined ? [] : [`M104 T${tool} S0`]))
    : ['M104 S0'];
  return [...tools, 'M140 S0', ...(temperatures.chamber === undefined ? [] : ['M141 S0'])];
}

export function safeScript(temperatures: Temperatures): readonly Step[] {
  return stepsOf(heatersOff(temperatures), 'safe');
}

export const locateScript: readonly Step[] = stepsOf(['M400', 'M114'], 'located');

/** What has been done to the head for a pause: exactly that is undone. */
export interface Parked {
  readonly position: Position;
  readonly retracted: number;
}

/** Null: it stays where it is, because nobody knows where that is, or nobody wants it moved. */
export function parkScript(park: Park | null, parked: Parked | null): readonly Step[] | null {
  if (park === null || parked === null) return null;
  const retract = parked.retracted > 0 ? ['M83', `G1 E-${parked.retracted} F${extrude}`] : [];
  const lift = park.lift > 0 ? ['G91', `G1 Z${park.lift} F${vertical}`] : [];
  const aside = park.at === null ? [] : ['G90', `G1 X${park.at.x} Y${park.at.y} F${travel}`];
  const texts = [...retract, ...lift, ...aside];
  return texts.length === 0 ? null : stepsOf(texts, 'paused');
}

/** How much may be retracted now: nothing with a cold nozzle. */
export function retractionOf(park: Park | null, { tool0 }: Temperatures): number {
  return park !== null && tool0 !== undefined && tool0.actual >= meltsAt ? park.retract : 0;
}

/** Back to the very place and the very modes, whatever people did to the head meanwhile. */
export function restoreScript(parked: Parked | null, modes: Modes): readonly Step[] {
  const back = parked === null ? [] : goBack(parked);
  const ways = [modes.relative ? 'G91' : 'G90', modes.relativeE ? 'M83' : 'M82'];
  const feed = modes.feed === null ? [] : [`G1 F${modes.feed}`];
  return stepsOf([...back, ...ways, ...feed], 'resumed');
}

function goBack({ position: { x, y, z, e }, retracted }: Parked): readonly string[] {
  const push = retracted > 0 ? ['M83', `G1 E${retracted} F${extrude}`] : [];
  return ['G90', `G1 X${x} Y${y} F${travel}`, `G1 Z${z} F${vertical}`, ...push, `G92 E${e}`];
}

/** After a cancel: cold, the fan off, the nozzle off the part, motors free. Never home: there is a part on the bed. */
export function cancelScript(temperatures: Temperatures, lift: number): readonly Step[] {
  const up = lift > 0 ? ['G91', `G1 Z${lift} F${vertical}`, 'G90'] : [];
  return stepsOf([...heatersOff(temperatures), 'M107', ...up, 'M84'], 'cancelled');
}
