import { say } from './output.ts';

/**
 * Ctrl-C (and SIGTERM, SIGHUP): the first one calls `first`, the second leaves at once with 130. Gives back how to take the
 * ears off again.
 */
export function onInterrupt(first: (signal: NodeJS.Signals) => void): () => void {
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  let count = 0;
  const hear = (signal: NodeJS.Signals): void => {
    count++;
    if (count > 1) {
      say('switchyard: left');
      process.exit(130);
    }
    first(signal);
  };
  for (const signal of signals) process.on(signal, hear);
  return () => {
    for (const signal of signals) process.off(signal, hear);
  };
}
