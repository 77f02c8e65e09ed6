import type { Located, Source } from '../reader.ts';

/** A string, or a comment as HJSON has them: `#` and `//` to the end of the line, and between slash-star and star-slash. */
const STRING_OR_COMMENT = /("(?:[^"\\\n]|\\.)*")|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * The JSON of a file that may hold comments: DeepSpeed reads HJSON (deepspeed/runtime/config.py@029f12b, hjson.load), and a
 * YAML parser takes `// note` for a key. Throws InputError where it is no JSON without them either.
 */
export function jsonValueOf(source: Source): Located {
  const text = withoutComments(source.text);
  if (text === source.text) return source.value();
  try {
    return { value: JSON.parse(text), locate: locator(text, source.path) };
  } catch {
    return source.value();
  }
}

/** Comments become blanks, so that all else keeps its line and column. */
export function withoutComments(text: string): string {
  return text.replaceAll(
    STRING_OR_COMMENT,
    (all, string: string | undefined) => string ?? all.replaceAll(/[^\n]/g, ' '),
  );
}

/** Follows the keys of a JSON pointer through the text, each after the one before. */
function locator(text: string, file: string): Located['locate'] {
  return (pointer) => {
    let at = 0;
    for (const key of pointer.split('/').slice(1)) {
      const quoted = JSON.stringify(key).replaceAll(/[^\w"]/g, '\\$&');
      const found = text.slice(at).search(new RegExp(`${quoted}\\s*:`));
      if (found < 0) break;
      at += found;
    }
    const lines = text.slice(0, at).split('\n');
    return { file, line: lines.length, column: lines.at(-1)!.length + 1 };
  };
}
