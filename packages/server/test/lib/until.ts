/**
 * Until the condition holds: looked at after every turn of the event loop, so that it costs no time that the event itself does
 * not take. A condition that never comes is ended by the test's own time-out; say what is awaited in the test's name.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
