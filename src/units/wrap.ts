/** Breaks text at spaces; the first line keeps its indent, later ones have their own. */
export function wrap(text: string, columns: number, indent = '  '): string {
  return joined(text, text.trimStart().split(' '), columns, indent);
}

/** What stands in quotes or backticks, and a flag with its value, is one word: it can be copied. */
const WHOLE = /(?:--[a-z][\w-]* (?=[^\s-])|`[^`]*`|"[^"]*"|[^\s"`]+)+/g;

/** The same, commands and what is quoted left whole; indented lines go on two columns further in. */
export function wrapMessage(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => joined(line, line.match(WHOLE) ?? [], columns, `${/^ */.exec(line)![0]}  `))
    .join('\n');
}

function joined(text: string, words: readonly string[], columns: number, indent: string): string {
  const first = /^\s*/.exec(text)![0];
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const start = lines.length === 0 ? first : indent;
    if (line !== '' && start.length + line.length + 1 + word.length > columns) {
      lines.push(start + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push((lines.length === 0 ? first : indent) + line);
  return lines.join('\n');
}
