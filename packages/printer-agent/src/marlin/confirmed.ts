import { cancelled, located, paused, printed, resumed } from './job.ts';
import { described, greeted, madeSafe, ready } from './life.ts';
import { wordOf } from './lines.ts';
import { type Draft, machineLimits } from './machine.ts';
import type { Line, Next } from './wire.ts';

const follows: Readonly<Record<Next, (draft: Draft) => void>> = {
  greeted,
  safe: madeSafe,
  described,
  ready,
  located,
  paused,
  resumed,
  cancelled,
};

const heats = new Set(['M104', 'M140', 'M141']);

/** A heater has been set: what came of it is asked for at once. */
function askSoon(draft: Draft): void {
  const long = draft.now - machineLimits.autoReportMs;
  draft.polledAt = long;
  draft.temperaturesAt = long;
}

/** A line of ours has been accepted, for the first time. */
export function confirmed(draft: Draft, { text, role }: Line): void {
  switch (role.of) {
    case 'job':
      printed(draft, text, role.offset);
      if (heats.has(wordOf(text))) askSoon(draft);
      return;
    case 'asked':
      draft.effects.push({ do: 'answered', id: role.id, response: draft.said });
      draft.said = [];
      if (heats.has(wordOf(text))) askSoon(draft);
      return;
    case 'script':
      if (role.next !== null) follows[role.next](draft);
      return;
    case 'poll':
      return;
  }
}
