import { type CommandNode, type CommandTree, firstWords, quoted, secondWords } from './command-tree.ts';

/** A function for zsh's completion system (zshcompsys(1), _arguments and _describe). */
export function zshCompletion(tree: CommandTree): string {
  const { program } = tree;
  const tops = firstWords(tree);
  return `#compdef ${program}
# ${program} completion for zsh: eval "$(${program} completion zsh)", after compinit
_${program}() {
  local -a some
  if ((CURRENT == 2)); then
    some=(${tops.map(({ word, description }) => quoted(`${word}:${plain(description)}`)).join(' ')})
    _describe command some
    return
  fi
  case $words[2] in
${tops.map(({ word }) => topCase(tree, word)).join('\n')}
  esac
}
compdef _${program} ${program}
`;
}

function topCase(tree: CommandTree, word: string): string {
  const inner = secondWords(tree, word);
  if (inner.length === 0) {
    const [own] = tree.commands.filter(({ words }) => words[0] === word);
    return `    ${word})\n      shift words; ((CURRENT--))\n      ${argumentsOf(own!)} ;;`;
  }
  return `    ${word})
      if ((CURRENT == 3)); then
        some=(${inner.map(({ words, description }) => quoted(`${words[1]}:${plain(description)}`)).join(' ')})
        _describe command some
        return
      fi
      case $words[3] in
${inner.map((one) => `        ${one.words[1]}) shift 2 words; ((CURRENT -= 2)); ${argumentsOf(one)} ;;`).join('\n')}
      esac ;;`;
}

function argumentsOf({ options, arguments: places }: CommandNode): string {
  const flags = options.map(({ flag, description, takesValue, values }) => {
    const value = takesValue ? `:value:${valuesOf(values)}` : '';
    return quoted(`${flag}[${plain(description)}]${value}`);
  });
  const operands = places.map((values, i) =>
    quoted(`${i === places.length - 1 && places.length > 0 ? '*' : `${i + 1}`}:argument:${valuesOf(values)}`),
  );
  return ['_arguments', ...flags, ...operands].join(' ');
}

/** Known words, else files. */
function valuesOf(values: readonly string[]): string {
  return values.length === 0 ? '_files' : `(${values.join(' ')})`;
}

/** What means nothing inside the specifications of _arguments. */
function plain(text: string): string {
  return text.replaceAll(/[[\]\\]/g, '').replaceAll(':', ' -');
}
