/** Nothing that anybody looks for is longer. */
const longest = 8_192;

/** Cuts a stream of bytes into lines; `\r` ends one too, as programs do that write their progress over the last one. */
export function lineReader(take: (line: string) => void): (piece: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  return (piece) => {
    const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r\n|[\r\n]/);
    rest = (lines.pop() ?? '').slice(-longest);
    for (const line of lines) take(line);
  };
}
