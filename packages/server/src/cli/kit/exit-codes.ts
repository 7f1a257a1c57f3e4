/** What the command says to the shell. `run` and `wait` have more of their own, told in their help. */
export const exitCodes = {
  done: { code: 0, text: 'done' },
  failed: { code: 1, text: 'refused, or it ended badly' },
  usage: { code: 2, text: 'the command line was not understood' },
  unreachable: { code: 3, text: 'no server answered' },
  denied: { code: 4, text: 'no token, or one that does not allow it' },
  timeout: { code: 124, text: 'the time was over (run, wait)' },
  own: { code: 125, text: 'run itself failed, not the job' },
  notStarted: { code: 127, text: "the job's program could not be started (run)" },
  interrupted: { code: 130, text: 'Ctrl-C' },
} as const;

export const exitCodeHelp = `
Exit codes:
${Object.values(exitCodes)
  .map(({ code, text }) => `  ${String(code).padEnd(4)} ${text}`)
  .join('\n')}`;
