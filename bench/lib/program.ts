/** What a contestant's process does when its parent calls it by name. Inputs and answers are JSON. */
export type Calls = Readonly<Record<string, (input: never) => unknown>>;

export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

export type AnswerMessage = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

/** Serves calls of the parent process until it goes away. */
export function serveCalls(calls: Calls): void {
  process.on('message', (message: CallMessage) => void answer(calls, message));
  process.on('disconnect', () => process.exit(0));
}

async function answer(calls: Calls, { id, name, input }: CallMessage): Promise<void> {
  try {
    const call = calls[name] as ((input: unknown) => unknown) | undefined;
    if (call === undefined) throw new Error(`there is no call ${name}`);
    send({ id, value: (await call(input)) ?? null });
  } catch (cause) {
    send({ id, error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
  }
}

function send(message: AnswerMessage): void {
  process.send?.(message);
}
