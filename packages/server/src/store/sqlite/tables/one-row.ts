/** An update that met no row means that a procedure put something as not fresh which does not exist. */
export function changedOne(result: { readonly changes: number | bigint }, what: string): void {
  if (result.changes !== 1) throw new Error(`${what} does not exist and was not put as fresh`);
}
