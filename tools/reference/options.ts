import { optionGroups, optionNames, rowOf } from '../../packages/server/src/config/options.ts';
import { defaultText, fileKeyOf, usageOf, variableOf } from '../../packages/server/src/config/spelling.ts';
import { code, page, table } from './page.ts';

type Name = (typeof optionNames)[number];

/** Defaults that depend on the machine (processors) must not make the page differ from one to the next: `help` tells them. */
function rowFor(name: Name): string[] {
  const row = rowOf(name);
  const variables = [variableOf(name), ...(row.imitated === undefined ? [] : [row.imitated])];
  const standard = defaultText(name);
  const secret = row.secret === true ? ' **Secret**: never shown; prefer the file or the variable to the flag.' : '';
  return [
    code(usageOf(name)),
    variables.map(code).join('<br>'),
    code(fileKeyOf(name)),
    standard === '' ? '' : code(standard),
    row.help + secret,
  ];
}

function sectionFor(group: string, title: string): string {
  const names = optionNames.filter((name) => rowOf(name).group === group);
  return [`## ${title}`, table(['flag', 'variable', 'in the file', 'default', 'meaning'], names.map(rowFor))].join('\n\n');
}

export function optionsPage(): string {
  return page(
    'Options of `switchyard serve`',
    'packages/server/src/config/options.ts',
    'A flag goes before a variable, a variable before the file `switchyard.toml`. An unknown option or a wrong value stops the start with a sentence that names it.',
    ...Object.entries(optionGroups).map(([group, title]) => sectionFor(group, title)),
  );
}
