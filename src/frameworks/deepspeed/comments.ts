/** A string, or a comment as HJSON has them: `#` and `//` to the end of the line, and between slash-star and star-slash. */
const STRING_OR_COMMENT = /("(?:[^"\\\n]|\\.)*")|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * Comments become blanks, so that all else keeps its line and column: DeepSpeed reads HJSON
 * (deepspeed/runtime/config.py@029f12b, hjson.load), and a YAML parser takes `// note` for a key.
 */
export function withoutComments(text: string): string {
  return text.replaceAll(
    STRING_OR_COMMENT,
    (all, string: string | undefined) => string ?? all.replaceAll(/[^\n]/g, ' '),
  );
}
