import { exitCodes } from './exit-codes.ts';

/** Ends the command with a sentence that says what to do next. */
export class CliError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.failed.code) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

export function usage(message: string): CliError {
  return new CliError(message, exitCodes.usage.code);
}
