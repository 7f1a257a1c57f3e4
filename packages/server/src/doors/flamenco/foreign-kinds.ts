/**
 * Task kinds of other payload families (DESIGN §1). A worker of this door that named one would be given what it cannot read; any
 * other name is a list of commands.
 */
export const foreignKinds: readonly string[] = ['shell', 'graph', 'noop', 'oxdna', 'print'];
