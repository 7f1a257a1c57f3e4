import type { Door } from './door.ts';
import { isLoopback } from './host-check.ts';

/** Something that answers without a secret: to whom, and why. For the start, and for `GET /v1/system`. */
export interface OpenPart {
  readonly door: string;
  readonly name: string;
  readonly text: string;
  readonly to: 'nobody' | 'this machine' | 'everybody';
  /** One clause for people. */
  readonly why: string;
}

export interface OpennessFacts {
  /** What `--open` names. */
  readonly named: readonly string[];
  /** Addresses that are listened on, all doors together. */
  readonly hosts: readonly string[];
}

export function opennessOf(
  doors: readonly Pick<Door, 'name' | 'opens' | 'ports'>[],
  { named, hosts }: OpennessFacts,
): OpenPart[] {
  return doors.flatMap(({ name: door, opens, ports }) => {
    const local = [...hosts, ...ports.flatMap((port) => port.hosts)].every(isLoopback);
    return opens.map(({ name, text, shut = null }) => ({ door, name, text, ...reach(name, shut, local, named) }));
  });
}

function reach(name: string, shut: string | null, local: boolean, named: readonly string[]): Pick<OpenPart, 'to' | 'why'> {
  if (shut !== null) return { to: 'nobody', why: shut };
  if (local) return { to: 'this machine', why: 'the server listens on this machine alone' };
  if (named.includes(name)) return { to: 'everybody', why: `named by --open ${name}` };
  return { to: 'this machine', why: `open to others with --open ${name}` };
}
