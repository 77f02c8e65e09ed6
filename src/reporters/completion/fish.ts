import { type CommandNode, type CommandTree, firstWords, secondWords } from './command-tree.ts';

/** Lines of fish's \`complete\` (fish manual). */
export function fishCompletion(tree: CommandTree): string {
  const { program } = tree;
  const tops = firstWords(tree);
  const all = tops.map(({ word }) => word).join(' ');
  return [
    `# ${program} completion for fish: ${program} completion fish | source`,
    ...tops.map(
      ({ word, description }) =>
        `complete -c ${program} -f -n ${quotedForFish(`not __fish_seen_subcommand_from ${all}`)} -a ${quotedForFish(word)} -d ${quotedForFish(description)}`,
    ),
    ...tops.flatMap(({ word }) => {
      const inner = secondWords(tree, word);
      const words = inner.map((one) => one.words[1]).join(' ');
      return inner.map(
        (one) =>
          `complete -c ${program} -f -n ${quotedForFish(`__fish_seen_subcommand_from ${word}; and not __fish_seen_subcommand_from ${words}`)} -a ${quotedForFish(one.words[1]!)} -d ${quotedForFish(one.description)}`,
      );
    }),
    ...tree.commands.flatMap((one) => linesOf(program, one)),
    '',
  ].join('\n');
}

function linesOf(program: string, { words, options, arguments: places }: CommandNode): string[] {
  const when = quotedForFish(words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and '));
  const known = [...new Set(places.flat())];
  return [
    ...(known.length === 0 ? [] : [`complete -c ${program} -n ${when} -a ${quotedForFish(known.join(' '))}`]),
    ...options.map(({ flag, description, takesValue, values }) => {
      const value = !takesValue
        ? ''
        : values.length > 0
          ? ` -x -a ${quotedForFish(values.join(' '))}`
          : ' -r';
      return `complete -c ${program} -n ${when} -l ${flag.replace(/^--/, '')}${value} -d ${quotedForFish(description)}`;
    }),
  ];
}

/** In its single quotes a backslash escapes. */
function quotedForFish(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
