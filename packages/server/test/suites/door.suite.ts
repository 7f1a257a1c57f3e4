import { describe, expect, test } from 'vitest';
import { dial, type Peer } from '../lib/dial.ts';
import type { FakeClock } from '../lib/fake-clock.ts';
import type { LogLine } from '../lib/quiet-log.ts';
import { until } from '../lib/until.ts';

/** Bytes that a door must refuse, and how one sees that it did. */
export interface BadBytes {
  readonly name: string;
  readonly bytes: string | Uint8Array;
  /** True once what came back is the protocol's own error. Null: the connection is closed without a word. */
  readonly refused: ((seen: string) => boolean) | null;
}

/** A server with this door, opened for one test. */
export interface DoorPlace {
  readonly port: number;
  /** Everything of the server runs on it; the suite turns it. */
  readonly clock: FakeClock;
  readonly lines: readonly LogLine[];
  /** Open connections of the listener. */
  connections(): number;
  close(): Promise<void>;
}

/** What the suite must know of a protocol; bytes as text are Latin-1. */
export interface DoorFixture {
  readonly name: string;
  open(): Promise<DoorPlace>;
  /** Said first on a new connection, when the protocol begins with an introduction; and when it is over. */
  readonly opening?: { readonly bytes: string; readonly done: (seen: string) => boolean };
  /** A cheap request, and how many whole answers to it are in what came back (after the opening). */
  readonly request: { readonly bytes: string; readonly answers: (seen: string) => number };
  readonly oversize: readonly BadBytes[];
  readonly garbage: readonly BadBytes[];
  /** The beginning of a message; and after how long without the rest the connection is given up. Null: never, say why. */
  readonly half: { readonly bytes: string; readonly deadlineMs: number | null; readonly why?: string };
  readonly wrongCredential: readonly BadBytes[];
  /** A request whose answer keeps coming or is long in coming: it is under way when the server closes. */
  readonly lasting: { readonly bytes: string; readonly begun: (place: DoorPlace, peer: Peer) => boolean };
  /** A request with a long answer: a peer sends it again and again and reads nothing. */
  readonly longAnswer: { readonly bytes: string; readonly times: number };
}

/** The same questions to every door (DESIGN section 6). */
export function doorSuite(fixture: DoorFixture): void {
  const { request } = fixture;

  async function withPlace(work: (place: DoorPlace) => Promise<void>): Promise<void> {
    const place = await fixture.open();
    try {
      await work(place);
      const failed = place.lines.filter((line) => line.level >= 50);
      expect(failed, 'nothing is logged as an error').toEqual([]);
    } finally {
      await place.close();
    }
  }

  /** A peer that has introduced itself; `answers` looks only at what came after. */
  async function enter(place: DoorPlace): Promise<Peer & { answers(): number }> {
    const peer = await dial(place.port);
    let skip = 0;
    if (fixture.opening !== undefined) {
      peer.write(fixture.opening.bytes);
      skip = (await peer.until(fixture.opening.done)).length;
    }
    const answers = (): number => request.answers(peer.seen.slice(skip));
    return Object.assign(Object.create(peer) as Peer, { answers });
  }

  async function stillServes(place: DoorPlace): Promise<void> {
    await using peer = await enter(place);
    peer.write(request.bytes);
    await until(() => peer.answers() === 1 || peer.ended);
    expect(peer.answers()).toBe(1);
  }

  function refusesEach(kind: string, cases: readonly BadBytes[]): void {
    test.each(cases)(`${kind}: $name, and harms nobody else`, async ({ bytes, refused }) => {
      await withPlace(async (place) => {
        await using other = await enter(place);
        await using peer = await dial(place.port);
        peer.write(bytes);
        if (refused === null) {
          await peer.closed();
          expect(peer.seen).toBe('');
        } else await peer.until(refused);
        other.write(request.bytes);
        await until(() => other.answers() === 1);
        await stillServes(place);
      });
    });
  }

  describe(`door: ${fixture.name}`, () => {
    refusesEach('oversize input', fixture.oversize);
    refusesEach('garbage', fixture.garbage);
    refusesEach('wrong credential', fixture.wrongCredential);

    test('ten messages in one packet get ten answers', async () => {
      await withPlace(async (place) => {
        await using peer = await enter(place);
        peer.write(request.bytes.repeat(10));
        await until(() => peer.answers() === 10 || peer.ended);
        expect(peer.answers()).toBe(10);
      });
    });

    test('a byte at a time is answered like the whole', async () => {
      await withPlace(async (place) => {
        await using peer = await enter(place);
        peer.socket.setNoDelay(true);
        for (const byte of Buffer.from(request.bytes, 'latin1')) {
          await new Promise((resolve) => peer.socket.write(Uint8Array.of(byte), resolve));
        }
        await until(() => peer.answers() === 1 || peer.ended);
        expect(peer.answers()).toBe(1);
      });
    });

    test('half a message disturbs nobody and is given up in time', async () => {
      await withPlace(async (place) => {
        await using peer = await dial(place.port);
        peer.write(fixture.half.bytes);
        await stillServes(place);
        if (fixture.half.deadlineMs === null) return;
        await place.clock.advance(fixture.half.deadlineMs);
        await peer.closed();
      });
    });

    test('a peer that vanishes in the middle leaves nothing behind', async () => {
      await withPlace(async (place) => {
        for (const bytes of [fixture.half.bytes, request.bytes, fixture.lasting.bytes]) {
          const peer = await enter(place);
          peer.write(bytes);
          await until(() => peer.socket.writableLength === 0);
          peer.socket.resetAndDestroy();
        }
        await until(() => place.connections() === 0);
        await stillServes(place);
      });
    });

    test('a peer that does not read holds up nobody else', async () => {
      await withPlace(async (place) => {
        await using peer = await enter(place);
        peer.socket.pause();
        peer.write(fixture.longAnswer.bytes.repeat(fixture.longAnswer.times));
        await stillServes(place);
        await stillServes(place);
      });
    });

    test('closing in mid-answer ends every connection, and closing twice is harmless', async () => {
      await withPlace(async (place) => {
        await using peer = await enter(place);
        await using idle = await enter(place);
        peer.write(fixture.lasting.bytes);
        await until(() => fixture.lasting.begun(place, peer));
        const closing = place.close();
        // What does not end by itself is cut off after the limit.
        await until(() => peer.ended || place.clock.pending > 0);
        await place.clock.advance(60_000);
        await Promise.all([closing, place.close(), peer.closed(), idle.closed()]);
        expect(place.connections()).toBe(0);
      });
    });
  });
}
