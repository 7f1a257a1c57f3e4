import { system } from '../domain/principal.ts';
import type { Task } from '../domain/task.ts';
import type { Engine } from '../engine/engine.ts';
import type { Clock, Timer } from '../ports/clock.ts';

/** What happened within one step, and how things stood at its end. */
export interface HistoryPoint {
  /** Wall clock at its end, ms. */
  readonly at: number;
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
  readonly waiting: number;
  /** How long tasks waited for their first start, ms; null: none started. */
  readonly startMedianMs: number | null;
  readonly startSlowestMs: number | null;
}

/** The last hour in steps, for pages that open now. In memory: it begins anew with the server. */
export interface History {
  readonly stepMs: number;
  /** The engine says that an attempt began. */
  began(task: Task): void;
  /** Begins to count; until then nothing is known. */
  watch(engine: Pick<Engine, 'feed' | 'query'>): void;
  points(): readonly HistoryPoint[];
  close(): void;
}

const stepMs = 5_000;
const most = 720;
/** Waits that are kept to find the middle one; beyond that every further one takes another's place. */
const mostWaits = 1_000;

export function createHistory(clock: Clock): History {
  const points: HistoryPoint[] = [];
  let step = newStep();
  let timer: Timer | null = null;
  let stop = (): void => {};
  let over = false;

  async function take(engine: Pick<Engine, 'query'>): Promise<void> {
    const { started, succeeded, failed, waits } = step;
    step = newStep();
    const tallies = await engine.query.tallies(system);
    const sum = (...states: readonly (keyof (typeof tallies)[number]['counts'])[]): number =>
      tallies.reduce((total, { counts }) => total + states.reduce((part, state) => part + counts[state], 0), 0);
    const sorted = waits.sort((a, b) => a - b);
    points.push({
      ...{ at: clock.now(), started, succeeded, failed },
      running: sum('running', 'suspended', 'stopping'),
      waiting: sum('waiting', 'ready', 'offered'),
      startMedianMs: sorted[Math.floor(sorted.length / 2)] ?? null,
      startSlowestMs: sorted.at(-1) ?? null,
    });
    if (points.length > most) points.shift();
  }

  function arm(engine: Pick<Engine, 'query'>): void {
    timer = clock.after(stepMs, () => {
      if (over) return;
      // A store that fails is told elsewhere; here a point is missing.
      void take(engine)
        .catch(() => {})
        .finally(() => {
          if (!over) arm(engine);
        });
    });
  }

  return {
    stepMs,
    began({ attempt, createdAt }) {
      step.started++;
      if (attempt !== 1) return;
      const wait = Math.max(0, clock.now() - createdAt);
      if (step.waits.length < mostWaits) step.waits.push(wait);
      else step.waits[step.started % mostWaits] = wait;
    },
    watch(engine) {
      stop = engine.feed.subscribe({ kinds: ['task.changed'] }, (changes) => {
        // Looked at, not parsed: the state stands first.
        for (const { json } of changes) {
          if (json.startsWith('{"state":"succeeded"')) step.succeeded++;
          else if (json.startsWith('{"state":"failed"')) step.failed++;
        }
      });
      arm(engine);
    },
    points: () => points,
    close() {
      over = true;
      timer?.cancel();
      stop();
    },
  };
}

interface Step {
  started: number;
  succeeded: number;
  failed: number;
  waits: number[];
}

const newStep = (): Step => ({ started: 0, succeeded: 0, failed: 0, waits: [] });
