/**
 * Timers follow a clock that never jumps, moments that people name follow the wall clock. Somebody may set that one: so what
 * waits for a moment looks at it at least this often, and is late by no more than that.
 */
export const wallLookMs = 60_000;
