/** How a state looks: a colour class of the style sheet. Worker, task and job states share the words. */
const looks: Readonly<Record<string, string>> = {
  waiting: 'quiet',
  ready: 'quiet',
  held: 'hold',
  offered: 'quiet',
  active: 'busy',
  running: 'busy',
  suspended: 'hold',
  stopping: 'hold',
  canceling: 'hold',
  succeeded: 'good',
  failed: 'bad',
  canceled: 'gone',
  online: 'good',
  awake: 'good',
  starting: 'quiet',
  pending: 'hold',
  lost: 'bad',
  error: 'bad',
  offline: 'gone',
  asleep: 'gone',
  draining: 'hold',
  testing: 'hold',
  // Printers.
  unavailable: 'bad',
  printing: 'busy',
  pausing: 'hold',
  paused: 'hold',
  cancelling: 'hold',
  maintenance: 'hold',
  uncleared: 'hold',
};

export function lookOf(state: string): string {
  return looks[state] ?? 'quiet';
}

export const finalStates: readonly string[] = ['succeeded', 'failed', 'canceled'];
