import type { Member } from '../../hub/member.ts';
import type { Desk } from './desk.ts';
import type { Introduction } from './identify.ts';
import type { Ear } from './said.ts';
import { readResume, Seat, type SeatLink } from './seat.ts';

/** Where a client sits in the hub: for itself, or so that it may come back. */
export type Chair = Seat | { readonly fileKey: string };

/** Of a client that is here. */
export interface Place {
  readonly member: Member<Ear>;
  readonly chair: Chair;
  readonly trusted: boolean;
}

/** HELLO, before the client hears anything else. `more`: keys of this chair. */
export type Welcome = (uuid: string, chair: Chair, more: object) => void;

/** A new place under a name that is free. Null: it is not any more. */
export function takePlace(desk: Desk, link: SeatLink, introduction: Introduction, welcome: Welcome): Place | null {
  const { name, nickname, tags, proven, fields } = introduction;
  const { uuid, fileKey } = { uuid: desk.random.uuid(), fileKey: desk.random.uuid() };
  const chair: Chair = readResume(fields.resume) === null ? { fileKey } : new Seat(desk, link, fileKey);
  const ear = chair instanceof Seat ? chair : link;
  const more = chair instanceof Seat ? { resume: { token: chair.token, recovered: false, offset: 0 } } : {};
  const member = desk.enter({ uuid, name, nickname, tags }, ear, fileKey, () => welcome(uuid, chair, more));
  if (member === null) return null;
  if (chair instanceof Seat) chair.sit(member);
  desk.log.info({ event: 'concierge.joined', client: name, uuid });
  return { member, chair, trusted: desk.policy.trusts(link.address, proven) };
}

/** The place that it had, if that is there and what it missed is known. */
export function oldPlace(desk: Desk, { name, fields }: Introduction): OldPlace | null {
  const resume = readResume(fields.resume);
  if (resume === null || resume === 'begin') return null;
  const seat = desk.seats.get(resume.token);
  const missed = seat?.recorder.since(resume.offset) ?? null;
  if (seat === undefined || seat.member?.client.name !== name || missed === null) return null;
  return { seat, member: seat.member, missed, resume: { token: seat.token, recovered: true, offset: resume.offset } };
}

export interface OldPlace {
  readonly seat: Seat;
  readonly member: Member<Ear>;
  /** Frames. */
  readonly missed: readonly Buffer[];
  /** HELLO's key. */
  readonly resume: object;
}

/** Out of the hub, unless it may come back (`keep`) and asked for that. */
export function leavePlace(desk: Desk, link: SeatLink, { member, chair }: Place, keep: boolean): void {
  if (chair instanceof Seat) chair.detach(link, keep);
  else desk.leave(member, chair.fileKey);
}
