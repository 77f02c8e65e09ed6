import { Command, CommanderError } from 'commander';
import { DATA_DATE } from '../catalogue/data-date.ts';
import { formatProblem, InputError } from '../domain/input-error.ts';
import type { Register } from './command.ts';
import { EXIT, fitted, type Io, printJson } from './io.ts';
import { printing } from './printable.ts';
import { toolVersion } from './version.ts';

/** Every command, in the order of help, read when it is asked for. A new one is a file and a line here. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  plan: async () => (await import('./commands/plan.ts')).plan,
  estimate: async () => (await import('./commands/estimate.ts')).estimate,
  explain: async () => (await import('./commands/explain.ts')).explain,
  compare: async () => (await import('./commands/compare.ts')).compare,
  skip: async () => (await import('./commands/skip.ts')).skip,
  experts: async () => (await import('./commands/experts.ts')).experts,
  replan: async () => (await import('./commands/replan.ts')).replan,
  emit: async () => (await import('./commands/emit.ts')).emit,
  validate: async () => (await import('./commands/validate.ts')).validate,
  model: async () => (await import('./commands/listing.ts')).model,
  cluster: async () => (await import('./commands/listing.ts')).cluster,
  gpu: async () => (await import('./commands/catalogue.ts')).gpu,
  link: async () => (await import('./commands/catalogue.ts')).link,
  stack: async () => (await import('./commands/catalogue.ts')).stack,
  calibrate: async () => (await import('./commands/calibrate.ts')).calibrate,
  accuracy: async () => (await import('./commands/accuracy.ts')).accuracy,
  completion: async () => (await import('./commands/completion.ts')).completion,
  schema: async () => (await import('./commands/schema.ts')).schema,
};

/** The command asked for; all of them where none is, one that does not exist, or one about all of them. */
function asked([first = '']: readonly string[]): string[] {
  if (first === '--version') return [];
  return Object.hasOwn(COMMANDS, first) && first !== 'completion' ? [first] : Object.keys(COMMANDS);
}

/** The program with the commands of those names; `done` is told the exit code. */
async function programOf(names: readonly string[], io: Io, done: (code: number) => void): Promise<Command> {
  const program = new Command('shardwright')
    .description(
      'Plans how to split an LLM training run over a cluster: memory, step time, ranked launchable configurations.',
    )
    .version(`${toolVersion()} (data of ${DATA_DATE})`, '--version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout(text), writeErr: () => {} })
    .showSuggestionAfterError();
  for (const name of names) {
    const register = await COMMANDS[name]!();
    register(program, io, done);
  }
  for (const command of program.commands) inherit(command);
  return program;
}

/** The whole command line, to be told of: what the reference and the record of promises are written from. */
export function wholeProgram(io: Io): Promise<Command> {
  return programOf(Object.keys(COMMANDS), io, () => {});
}

/** Runs one command line. Results go to stdout, everything else to stderr; returns the exit code, never throws. */
export async function main(given: Io): Promise<number> {
  const io = printing(given);
  let code: number = EXIT.ok;
  const program = await programOf(asked(io.argv), io, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...io.argv], { from: 'user' });
    return code;
  } catch (error) {
    return failure(error, io, Object.keys(COMMANDS));
  }
}

function inherit(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  for (const inner of command.commands) inherit(inner);
}

function failure(error: unknown, io: Io, commands: readonly string[]): number {
  const json = io.argv.includes('--json');
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
    const near = /\(Did you mean (.*)\?\)/.exec(rest.join(' '))?.[1];
    const [name] = io.argv;
    const command = name !== undefined && commands.includes(name) ? ` ${name}` : '';
    const hint = near === undefined ? `Maybe \`shardwright${command} --help\`.` : `Maybe "${near}".`;
    if (error.code === 'commander.help') {
      return bad(
        io,
        json,
        new InputError({
          message: 'missing command',
          expected: `one of ${commands.join(', ')}`,
          hint: 'Maybe `shardwright --help`.',
        }),
      );
    }
    return bad(io, json, new InputError({ message, hint }));
  }
  const refused = error instanceof InputError ? error : ofFileSystem(error);
  if (refused !== null) return bad(io, json, refused);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json) printJson(io, { schema: 'shardwright.error/1', exitCode: EXIT.bug, message: text });
  io.stderr(`This is a bug in shardwright, please report it with the command line:\n${text}\n`);
  return EXIT.bug;
}

const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'a place that may be read or written',
  EPERM: 'a place that may be read or written',
  EROFS: 'a file system that may be written to',
  ENOENT: 'a path that exists',
  ENOTDIR: 'folders above it: one of them is a file',
  EISDIR: 'a file, not a folder',
  ELOOP: 'a path without a loop of links',
  ENAMETOOLONG: 'a shorter name',
  ENOSPC: 'room on the disk',
};

/** What the file system refuses is the user's to mend. */
function ofFileSystem(error: unknown): InputError | null {
  const { code, syscall, path } = error as { code?: string; syscall?: string; path?: string };
  const expected = REFUSALS[code ?? ''];
  return !(error instanceof Error) || expected === undefined || syscall === undefined
    ? null
    : new InputError({ message: `${path ?? 'a file'}: ${syscall} says ${code}`, expected });
}

function bad(io: Io, json: boolean, { problem }: InputError): number {
  if (json) printJson(io, { schema: 'shardwright.error/1', exitCode: EXIT.input, ...problem });
  else io.stderr(`${fitted(formatProblem(problem), io.errorColumns)}\n`);
  return EXIT.input;
}
