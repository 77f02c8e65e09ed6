// Whatever a reader of YAML or a terminal could take for the end of a line, or for a command.
// biome-ignore lint/suspicious/noControlCharactersInRegex: names from other tools may hold any
const BREAKS = /[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Text of any origin as one line of a comment. */
export function comment(text: string): string {
  return text.replace(BREAKS, ' ').trim();
}

/** Text of any origin as a YAML value: a JSON string, which YAML reads as itself. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
