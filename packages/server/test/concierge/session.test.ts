import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/doors/concierge/codes.ts';
import type { Introduction } from '../../src/doors/concierge/identify.ts';
import { newSession, type Session, type SessionEvent, stepSession } from '../../src/doors/concierge/session.ts';

const introduction: Introduction = { name: 'ada', nickname: null, tags: [], fields: {}, proven: false };
const sessions: readonly Session<string>[] = [
  newSession,
  { name: 'claiming', introduction },
  { name: 'live', place: 'chair' },
  { name: 'over' },
];
const events: Readonly<Record<string, SessionEvent<string>>> = {
  text: { event: 'text', text: '{}' },
  binary: { event: 'binary' },
  introduced: { event: 'introduced', introduction },
  refused: { event: 'refused', close: closeCodes.badSecret },
  free: { event: 'free' },
  alive: { event: 'probed', alive: true },
  dead: { event: 'probed', alive: false },
  seated: { event: 'seated', place: 'new' },
  failed: { event: 'failed' },
  silent: { event: 'ended', close: closeCodes.heartbeatFailed },
  removed: { event: 'ended', close: closeCodes.removed },
  broken: { event: 'gone', broken: true },
  goodBye: { event: 'gone', broken: false },
};

function outcome(session: Session<string>, event: SessionEvent<string>): string {
  const { session: next, effects } = stepSession(session, event);
  const done = effects.map((effect) => {
    if (effect.effect === 'depart') return `depart ${effect.place ?? 'nowhere'}${effect.keep ? ' for now' : ''}`;
    return effect.effect === 'close' ? `close ${effect.close.code}` : effect.effect;
  });
  return [next.name, ...done].join(', ');
}

describe('concierge: the life of a connection', () => {
  it('answers every event in every session', () => {
    const all = sessions.map((session) => Object.entries(events).map(([name, event]) => `${name} -> ${outcome(session, event)}`));
    const [greeting, claiming, live, over] = all;
    expect(greeting).toEqual([
      'text -> greeting, read',
      'binary -> over, count-refusal, depart nowhere, close 4003',
      'introduced -> claiming, in-time, claim',
      'refused -> over, count-refusal, depart nowhere, close 4006',
      'free -> greeting',
      'alive -> greeting',
      'dead -> greeting',
      'seated -> live, in-time',
      'failed -> over, depart nowhere, close 4000',
      'silent -> over, depart nowhere for now, close 4009',
      'removed -> over, depart nowhere, close 4012',
      'broken -> over, depart nowhere for now',
      'goodBye -> over, depart nowhere',
    ]);
    expect(claiming).toEqual([
      'text -> claiming',
      'binary -> claiming',
      'introduced -> claiming',
      'refused -> over, count-refusal, depart nowhere, close 4006',
      'free -> claiming, admit',
      'alive -> over, count-refusal, depart nowhere, close 4005',
      'dead -> claiming, claim',
      'seated -> live',
      'failed -> over, depart nowhere, close 4000',
      'silent -> over, depart nowhere for now, close 4009',
      'removed -> over, depart nowhere, close 4012',
      'broken -> over, depart nowhere for now',
      'goodBye -> over, depart nowhere',
    ]);
    expect(live).toEqual([
      'text -> live, serve',
      'binary -> live',
      'introduced -> live',
      'refused -> over, count-refusal, depart chair, close 4006',
      'free -> live',
      'alive -> live',
      'dead -> live',
      'seated -> live',
      'failed -> live, apologise',
      'silent -> over, depart chair for now, close 4009',
      'removed -> over, depart chair, close 4012',
      'broken -> over, depart chair for now',
      'goodBye -> over, depart chair',
    ]);
    expect(over?.filter((line) => !line.startsWith('seated')).every((line) => line.endsWith('-> over'))).toBe(true);
    expect(over).toContain('seated -> over, depart new');
  });
});
