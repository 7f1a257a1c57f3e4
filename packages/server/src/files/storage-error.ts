/** The disk did not do what it was asked; `message` is a sentence for people, `cause` the system's error. */
export class StorageError extends Error {
  constructor(cause: unknown) {
    super(sentence(cause), { cause });
    this.name = 'StorageError';
  }
}

const fullCodes = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Never names a path: the sentence is shown to clients. */
function sentence(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  return fullCodes.includes(code)
    ? `The server's disk is full (${code}): free some space, then try again`
    : `The server's disk failed (${code}): look at its log`;
}

/** Marks what the disk throws, so that it is not taken for an error of the one who sends the bytes. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new StorageError(error);
  }
}
