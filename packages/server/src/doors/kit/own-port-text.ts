/** A door's own port, for its notes. The option 0 says none: which one it became stands beside the notes, not in them. */
export function ownPortText(port: number, hosts: readonly string[]): string {
  return `${port === 0 ? 'a port of its own' : `port ${port}`} of ${hosts.join(', ')}`;
}
