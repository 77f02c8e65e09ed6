import { EXIT } from '../../src/cli/io.ts';
import { SETTING_KEYS } from '../../src/cli/settings.ts';
import { published, SCHEMAS } from '../../src/schema/index.ts';
import { type CommandPage, commandPages } from './command-line.ts';

const cell = (text: string) => text.replaceAll('|', '\\|');
const code = (text: string) => `\`${cell(text)}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function commandSection({ words, meaning, arguments: given, flags }: CommandPage): string {
  const first = `## ${words}\n\n${meaning[0]!.toUpperCase()}${meaning.slice(1)}.\n\n\`shardwright ${[words, ...given.map(({ term }) => term)].join(' ')}\``;
  const parameters = [...given, ...flags].map((one) => [
    code(one.term),
    cell(one.meaning),
    one.usual === null ? '' : cell(one.usual),
  ]);
  return parameters.length === 0 ? first : `${first}\n\n${table(['', 'meaning', 'default'], parameters)}`;
}

const EXITS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  bug: 'a bug of ours, with its stack: please report it',
  input: 'bad input: a file, a flag, a value, or what the system refuses',
  infeasible: 'no plan: nothing fits, or a rule forbids what is left',
  check: 'a check failed: `--check`, `validate`',
  unrunnable: 'no launcher runs what is asked',
  interrupted: 'interrupted: the best so far is printed',
};

interface Published {
  readonly $id: string;
  readonly title: string;
  readonly required?: readonly string[];
}

function documentRow(name: string): string[] {
  const { $id, title, required = [] } = JSON.parse(published(SCHEMAS[name]!)) as Published;
  const keys = required.filter((key) => key !== 'schema');
  return [`[\`${$id}\`](../schemas/${name}.json)`, cell(title), keys.map(code).join(', ')];
}

/** docs/reference.md, whole: written from the program itself. */
export async function referencePage(): Promise<string> {
  const commands = await commandPages();
  const anchor = (words: string) => `#${words.replaceAll(' ', '-')}`;
  return `# Reference

Written by \`npm run docs\` from the program itself: every command with its arguments and flags, exit codes, settings, documents. What configurations,
optimizers and techniques mean stands in [commands](commands.md), what is promised of all this in [what you can rely on](stability.md).

${commands.map(({ words }) => `[${words}](${anchor(words)})`).join(' · ')}

${commands.map(commandSection).join('\n\n')}

## Exit codes

${table(
  ['code', 'meaning'],
  Object.entries(EXIT).map(([name, number]) => [`${number}`, EXITS[name as keyof typeof EXIT]]),
)}

## Settings

Flags win over variables of the environment (\`SHARDWRIGHT_SEQ_LENGTH\`), which win over \`./shardwright.yaml\` (\`seq-length: 8192\`), which wins over defaults.
Keys: ${SETTING_KEYS.map(code).join(', ')}.

Besides: \`NO_COLOR\` and \`FORCE_COLOR\`, \`COLUMNS\`, and \`XDG_CACHE_HOME\`, in which \`plan\` keeps results.

## Documents

What is read and written, each with \`"schema": "shardwright.NAME/N"\`; \`shardwright schema NAME\` prints the JSON Schema with every key inside. Quantities in files that
people write carry their unit (\`80 GiB\`, \`400 Gb/s\`); in what is printed the key does (\`stepTimeSeconds\`), all in SI.

${table(['document', '', 'always has'], Object.keys(SCHEMAS).map(documentRow))}
`;
}
