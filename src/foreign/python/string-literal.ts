const LITERAL = /^([A-Za-z]*)('''|"""|'|")([\s\S]*)\2$/;
const ESCAPE = /\\(?:\r?\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[\s\S]|$)/g;

const PLAIN: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** A literal from its first quote on, and how what is in it is meant. */
export interface Quoted {
  /** Where the text begins and ends in the literal. */
  readonly from: number;
  readonly to: number;
  readonly raw: boolean;
}

/** null: it never ends, or is one of bytes. */
export function quoted(literal: string): Quoted | null {
  const [, prefix = '', quote, body] = LITERAL.exec(literal) ?? [];
  if (quote === undefined || body === undefined || /b/i.test(prefix)) return null;
  const from = prefix.length + quote.length;
  return { from, to: from + body.length, raw: /r/i.test(prefix) };
}

/** The text of a string literal; null where it is none that can be read. */
export function stringOf(literal: string): string | null {
  const found = quoted(literal);
  return found === null ? null : unescaped(literal.slice(found.from, found.to), found.raw);
}

/** Text between quotes as it is meant; null where Python refuses an escape, or it needs Unicode's names. */
export function unescaped(text: string, raw: boolean): string | null {
  if (raw) return text;
  let known = true;
  const plain = text.replace(ESCAPE, (whole) => {
    const found = escaped(whole.slice(1));
    known &&= found !== null;
    return found ?? '';
  });
  return known ? plain : null;
}

/** What stands after a backslash. */
function escaped(code: string): string | null {
  const [first = ''] = code;
  if (code === '\n' || code === '\r\n') return '';
  if (/[0-7]/.test(first)) return String.fromCodePoint(Number.parseInt(code, 8));
  if (/[xuU]/.test(first)) {
    const point = Number.parseInt(code.slice(1), 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : null;
  }
  if (first === '' || first === 'N') return null;
  return PLAIN[code] ?? `\\${code}`;
}
