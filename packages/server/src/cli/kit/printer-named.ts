import type { Client } from '@switchyard/sdk/client/client.ts';
import type { PrinterView } from '@switchyard/sdk/printer.ts';
import { CliError } from './cli-error.ts';

/** By its name or its number. */
export async function printerNamed(client: Client, word: string): Promise<PrinterView> {
  const printers = await client.printers.list();
  const named = printers.filter(({ id, name }) => name === word || String(id) === word);
  const [only] = named;
  if (only !== undefined && named.length === 1) return only;
  if (named.length > 1) {
    const ids = named.map(({ id }) => id).join(', ');
    throw new CliError(`there are ${named.length} printers called ${word}; say which by its number: ${ids}`);
  }
  const known = printers.map(({ name }) => name).join(', ');
  throw new CliError(known === '' ? 'there are no printers yet' : `there is no printer ${word}; there are: ${known}`);
}
