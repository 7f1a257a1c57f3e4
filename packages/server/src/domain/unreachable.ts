/** Ends a `switch` over a union: the compiler proves that no member is left, and a broken promise is loud at run time. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
