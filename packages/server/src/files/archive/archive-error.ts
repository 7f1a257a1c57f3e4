/** A backup that cannot be made, or is damaged. `message` is for people and says what to do. */
export class ArchiveError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ArchiveError';
  }
}
