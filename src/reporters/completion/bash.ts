import { type CommandNode, type CommandTree, firstWords, quoted, secondWords } from './command-tree.ts';

/** A function for bash's programmable completion (bash manual, section 8.6). */
export function bashCompletion(tree: CommandTree): string {
  const name = `_${tree.program}`;
  const tops = firstWords(tree);
  const second = tops
    .map(({ word }) => ({ word, inner: secondWords(tree, word) }))
    .filter(({ inner }) => inner.length > 0);
  return `# ${tree.program} completion for bash: eval "$(${tree.program} completion bash)"
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words='' at=2
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W ${quoted([...tops.map(({ word }) => word), '--help', '--version'].join(' '))} -- "$cur"))
    return
  fi
  local command=\${COMP_WORDS[1]}
  case $command in
${second
  .map(
    ({ word, inner }) => `    ${word})
      if ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W ${quoted(inner.map(({ words }) => words[1]).join(' '))} -- "$cur"))
        return
      fi
      command="$command \${COMP_WORDS[2]}"
      at=3
      ;;`,
  )
  .join('\n')}
  esac
  case "$command $prev" in
${tree.commands.flatMap(valueCases).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${tree.commands.map((one) => `      ${quoted(one.words.join(' '))}) words=${quoted(['--help', ...one.options.map(({ flag }) => flag)].join(' '))} ;;`).join('\n')}
    esac
  else
    local i place=0
    for ((i = at; i < COMP_CWORD; i++)); do
      if [[ \${COMP_WORDS[i]} == -* ]]; then break; fi
      place=$((place + 1))
    done
    case "$command $place" in
${tree.commands.flatMap(argumentCases).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F ${name} ${tree.program}
`;
}

function valueCases({ words, options }: CommandNode): string[] {
  return options
    .filter(({ takesValue }) => takesValue)
    .map(
      ({ flag, values }) =>
        `    ${quoted(`${words.join(' ')} ${flag}`)}) COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$cur")); return ;;`,
    );
}

function argumentCases({ words, arguments: places }: CommandNode): string[] {
  return places
    .map((values, place) => ({ values, place }))
    .filter(({ values }) => values.length > 0)
    .map(({ values, place }) => {
      const last = place === places.length - 1 ? '*' : '';
      return `      ${quoted(`${words.join(' ')} ${last === '' ? place : ''}`)}${last}) words=${quoted(values.join(' '))} ;;`;
    });
}
