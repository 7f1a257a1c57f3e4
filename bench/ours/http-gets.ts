import { callFor } from '../lib/callers.ts';
import { LeanConnection, requestText } from '../lib/lean-http.ts';
import { serveCalls } from '../lib/program.ts';

/** Gets one path again and again; every answer must be the same text. */
serveCalls({
  async get(input: { url: string; path: string; token: string | null; ms: number; callers: number; body: string }) {
    const { url, path, token, ms, callers, body } = input;
    const free = await Promise.all(Array.from({ length: callers }, () => LeanConnection.open(url)));
    const all = [...free];
    const text = requestText('GET', url, path, token);
    const called = await callFor(ms, callers, async () => {
      const connection = free.pop() as LeanConnection;
      const answer = await connection.send(text);
      if (answer.body !== body) throw new Error(`${answer.status} ${answer.body}`);
      free.push(connection);
    });
    for (const connection of all) connection.close();
    return called;
  },
  close() {},
});
