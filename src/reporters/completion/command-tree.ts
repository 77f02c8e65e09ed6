/** A command line as shells complete it. */
export interface CommandTree {
  readonly program: string;
  readonly commands: readonly CommandNode[];
}

export interface CommandNode {
  /** `plan`, or `cluster show`. */
  readonly words: readonly string[];
  readonly description: string;
  readonly options: readonly OptionNode[];
  /** What its arguments may be, in order; files are completed besides. The last stands for all that follow. */
  readonly arguments: readonly (readonly string[])[];
}

interface OptionNode {
  /** `--seq-length` */
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** Values that are known; empty: a file, or what only the user knows. */
  readonly values: readonly string[];
}

/** The first words of commands, each once, in their order. */
export function firstWords({
  commands,
}: CommandTree): { readonly word: string; readonly description: string }[] {
  const found = new Map<string, string>();
  for (const { words, description } of commands)
    if (!found.has(words[0]!))
      found.set(words[0]!, words.length === 1 ? description : words.slice(1).join(' '));
  return [...found].map(([word, description]) => ({ word, description }));
}

/** The words that may follow a first one; none where it is a command itself. */
export function secondWords({ commands }: CommandTree, first: string): CommandNode[] {
  return commands.filter(({ words }) => words[0] === first && words.length > 1);
}

/** In single quotes of any of the three shells, where a backslash stands for itself in bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
