export interface Statement {
  readonly text: string;
  readonly line: number;
}

/** Logical lines: brackets join lines, `;` parts them, comments go. */
export function statements(text: string): Statement[] {
  const found: Statement[] = [];
  let current = '';
  let start = 1;
  let line = 1;
  let depth = 0;
  const end = () => {
    if (current.trim() !== '') found.push({ text: current.trim(), line: start });
    current = '';
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (current.trim() === '') start = line;
    if (c === '"' || c === "'") {
      const close = closing(text, i);
      current += text.slice(i, close + 1);
      line += text.slice(i, close + 1).split('\n').length - 1;
      i = close;
      continue;
    }
    if (c === '#') {
      const newline = text.indexOf('\n', i);
      i = (newline < 0 ? text.length : newline) - 1;
      continue;
    }
    if ('([{'.includes(c)) depth += 1;
    if (')]}'.includes(c)) depth = Math.max(0, depth - 1);
    if (c === '\n') line += 1;
    if (depth === 0 && (c === '\n' || c === ';')) end();
    else current += c === '\n' ? ' ' : c;
  }
  end();
  return found;
}

/** Where the string that opens at `from` closes, triple quotes included; the end of the text if it never does. */
export function closing(text: string, from: number): number {
  const quote = text[from]!;
  const triple = text.startsWith(quote.repeat(3), from);
  if (triple) {
    const at = text.indexOf(quote.repeat(3), from + 3);
    return at < 0 ? text.length - 1 : at + 2;
  }
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i;
  }
  return text.length - 1;
}

/** What stands between the bracket at `open` and its partner. */
export function balanced(text: string, open: number): string {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"' || c === "'") i = closing(text, i);
    else if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c) && --depth === 0) return text.slice(open + 1, i);
  }
  return text.slice(open + 1);
}

/** Splits at `by` outside strings and brackets; empty parts at the end go. */
export function split(text: string, by: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"' || c === "'") i = closing(text, i);
    else if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c)) depth -= 1;
    else if (depth === 0 && text.startsWith(by, i)) {
      parts.push(text.slice(from, i));
      i += by.length - 1;
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part.trim() !== '');
}
