/** The protocol's version, said in HELLO. */
export const protocolVersion = '0.2.0';

/** Semantic version 2.0.0, as its own page spells the rule; no leading `v`. */
const semver =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*)?(?:\+[\da-zA-Z-]+(?:\.[\da-zA-Z-]+)*)?$/;

/** Whether a client's version fits `^0.2.0`: 0.2.x, no pre-release. What is no version at all does not fit. */
export function versionFits(version: string): boolean {
  if (version.length > 256) return false;
  const found = semver.exec(version);
  return found !== null && found[1] === '0' && found[2] === '2' && found[4] === undefined;
}
