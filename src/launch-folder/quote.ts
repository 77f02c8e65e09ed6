/** A word for bash that means exactly `text`, whatever it holds. */
export function shellQuote(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : arrayWord(text);
}

/** The same in quotes always: a word of an array may look like another of its forms. */
export function arrayWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Text for a one-line comment: control characters (line ends among them) become spaces. */
export function commentText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go.
  return text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ');
}
