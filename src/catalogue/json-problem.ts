/** What is wrong with text that is meant as JSON, and where. */
export interface JsonProblem {
  readonly message: string;
  /** null: not told. */
  readonly offset: number | null;
}

/** Of text that begins as JSON does and is none; null where it is JSON, or begins as YAML. */
export function jsonProblem(text: string): JsonProblem | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const { message } = error as Error;
    const stated = /at position (\d+)/.exec(message)?.[1];
    const ends = /end of JSON input|Unterminated/.test(message);
    const plain = message.replace(/ in JSON at position .*$|, \.*".*" is not valid JSON$/s, '');
    return {
      message: `broken JSON: ${plain.charAt(0).toLowerCase()}${plain.slice(1)}`,
      offset: stated !== undefined ? Number(stated) : ends ? text.trimEnd().length : null,
    };
  }
}
