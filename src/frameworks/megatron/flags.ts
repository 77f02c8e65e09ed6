/** A flag of a launch file with the words after it, and the line it stands on. */
export interface Flag {
  readonly name: string;
  readonly values: readonly string[];
  readonly line: number;
}

export const FLAG = /^(--[A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?$/s;

/** Flags with the words after them. One that stands twice counts as the last one does, as in argparse. */
export function flagsOf(
  words: readonly { readonly text: string; readonly line: number }[],
): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  let values: string[] = [];
  for (const { text: word, line } of words) {
    const [, name, value] = FLAG.exec(word) ?? [];
    if (name === undefined) values.push(word);
    else {
      values = value === undefined ? [] : [value];
      flags.delete(name);
      flags.set(name, { name, values, line });
    }
  }
  return flags;
}
