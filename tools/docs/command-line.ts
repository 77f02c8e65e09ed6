import type { Command } from 'commander';
import type { Io } from '../../src/cli/io.ts';
import { main, wholeProgram } from '../../src/cli/main.ts';

/** Nobody reads or waits. */
const ALONE: Io = {
  argv: [],
  env: {},
  cwd: '/',
  columns: 80,
  terminal: false,
  stdout: () => {},
  stderr: () => {},
  now: () => 0,
  breathe: async () => {},
  interrupted: () => false,
};

/** What a command prints at 80 columns. */
export async function outputOf(argv: readonly string[]): Promise<string> {
  let out = '';
  await main({
    ...ALONE,
    argv,
    stdout: (text) => {
      out += text;
    },
  });
  return out.trim();
}

/** A flag or an argument: how it is written, what it means, and what stands for it where it is left out. */
interface Parameter {
  readonly term: string;
  readonly meaning: string;
  readonly usual: string | null;
}

export interface CommandPage {
  readonly words: string;
  readonly meaning: string;
  readonly arguments: readonly Parameter[];
  readonly flags: readonly Parameter[];
}

/** Every command that does something, those inside others too, in the order of help. */
export async function commandPages(): Promise<readonly CommandPage[]> {
  const { commands } = await wholeProgram(ALONE);
  return commands.flatMap((one) => pagesOf(one, ''));
}

function pagesOf(command: Command, before: string): CommandPage[] {
  const words = `${before}${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((inner) => pagesOf(inner, `${words} `));
  return [
    {
      words,
      meaning: command.description(),
      arguments: command.registeredArguments.map((one) => {
        const name = `${one.name()}${one.variadic ? '...' : ''}`;
        return parameter(one.required ? `<${name}>` : `[${name}]`, one.description);
      }),
      flags: command.options.map(({ flags, description }) => parameter(flags, description)),
    },
  ];
}

/** Its default stands in its description, as help prints it. */
function parameter(term: string, description: string): Parameter {
  const [said, usual] = / ?\(default:? ([^()]*)\)/.exec(description) ?? [];
  const meaning = said === undefined ? description : description.replace(said, '');
  return { term, meaning, usual: usual ?? null };
}
