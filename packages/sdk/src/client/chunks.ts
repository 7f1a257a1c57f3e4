/** The chunks of a body. Written with a reader because not every browser can iterate a stream; leaving early cancels it. */
export async function* chunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let done = false;
  try {
    for (;;) {
      const next = await reader.read();
      done = next.done;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    if (!done) await reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

/** All of it as text. */
export async function textOf(stream: ReadableStream<Uint8Array> | null): Promise<string> {
  return stream === null ? '' : new Response(stream).text();
}
