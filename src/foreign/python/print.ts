/** A Python string literal. JSON's escapes are Python's too. */
export function pythonQuote(text: string): string {
  return JSON.stringify(text);
}
