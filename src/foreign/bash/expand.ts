import type { ParameterExpansionPart, Word, WordPart } from 'unbash';
import { arithmetic } from './arithmetic.ts';
import { type Field, joined, known, scalar, type Value } from './state.ts';

/** What words are expanded against. */
export interface Surroundings {
  readonly variables: Map<string, Value>;
  /** The line of a position in the text that is read. */
  readonly lineOf: (position: number) => number;
}

/** A stretch of a word; `splits`: white space in it parts words. Between two stretches of an array, a word ends. */
type Piece = (Field & { readonly splits: boolean }) | 'end';

/** The words that a word of the script becomes. */
export function fieldsOf(word: Word, at: Surroundings): Field[] {
  const fields: Field[] = [];
  let current: Field | null = null;
  const end = () => {
    if (current !== null) fields.push(current);
    current = null;
  };
  for (const piece of piecesOf(word, at, false)) {
    if (piece === 'end') {
      end();
      continue;
    }
    const { splits, ...field } = piece;
    let { line } = field;
    for (const [i, text] of (splits ? field.text.split(/(\s+)/) : [field.text]).entries()) {
      if (i % 2 === 1) {
        end();
        line += text.split('\n').length - 1;
      } else if (text !== '' || !splits) {
        const one: Field = { ...field, text, line };
        current = current === null ? one : joined(current, '', one);
      }
    }
  }
  end();
  return fields;
}

/** A word where none is split: the right side of an assignment, a side of `[[`. */
export function textOf(word: Word, at: Surroundings): Field {
  let whole: Field | null = null;
  for (const piece of piecesOf(word, at, true)) {
    if (piece === 'end') continue;
    const { splits: _, ...field } = piece;
    whole = whole === null ? field : joined(whole, '', field);
  }
  return whole ?? known('', at.lineOf(word.pos));
}

function piecesOf(word: Word, at: Surroundings, quoted: boolean): Piece[] {
  if (word.parts === undefined) return [{ ...known(word.value, at.lineOf(word.pos)), splits: false }];
  return word.parts.flatMap((part) => pieces(part, at, quoted));
}

function pieces(part: WordPart, at: Surroundings, quoted: boolean): Piece[] {
  const line = at.lineOf(part.pos);
  const plain = (text: string): Piece[] => [{ ...known(text, line), splits: false }];
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return plain(part.value);
    case 'DoubleQuoted':
    case 'LocaleString':
      return part.parts.length === 0 ? plain('') : part.parts.flatMap((inner) => pieces(inner, at, true));
    case 'SimpleExpansion':
      return variable(part.text.slice(1), part.text, line, at, quoted);
    case 'ParameterExpansion':
      return parameter(part, line, at, quoted);
    case 'ArithmeticExpansion': {
      const value =
        part.expression === undefined ? null : arithmetic(part.expression, (name) => numberText(name, at));
      return value === null ? [unknown(part.text, line)] : plain(String(value));
    }
    case 'CommandExpansion':
    case 'ProcessSubstitution':
      // One word, whatever it says when it is run.
      return [unknown(part.text.replaceAll(/\s+/g, '_'), line)];
    default:
      // Patterns and braces stand for themselves: in a pipeline layout they are meant so.
      return plain(part.text);
  }
}

export function numberText(name: string, { variables }: Surroundings): string | null {
  const value = variables.get(name);
  return value === undefined ? null : scalar(value).text;
}

function unknown(text: string, line: number): Piece {
  return { text, line, certainty: 'unknown', splits: false };
}

function variable(name: string, text: string, line: number, at: Surroundings, quoted: boolean): Piece[] {
  if (name === '#') return [{ ...known('0', line), splits: false }];
  const value = at.variables.get(name);
  return value === undefined
    ? [{ text, line, certainty: 'unset', splits: false }]
    : valuePieces(value, quoted);
}

function valuePieces(value: Value, quoted: boolean): Piece[] {
  const one = scalar(value.slice(0, 1));
  return [{ ...one, splits: !quoted && one.certainty !== 'either' }];
}

/** `${NAME}`, `${NAME[@]}`, `${NAME:-default}` and their like; what it has no rule for is unknown. */
function parameter(part: ParameterExpansionPart, line: number, at: Surroundings, quoted: boolean): Piece[] {
  const { parameter: name, index, operation, prefix, text } = part;
  if (prefix !== undefined) return [unknown(text, line)];
  const value = at.variables.get(name);
  if (operation === undefined) {
    if (index === undefined) return variable(name, text, line, at, quoted);
    if (value === undefined) return [{ text, line, certainty: 'unset', splits: false }];
    if (index.value === '@' || index.value === '*')
      return value.flatMap((one, i): Piece[] => [
        ...(i > 0 ? (['end'] as const) : []),
        { ...one, splits: !quoted && one.certainty !== 'either' },
      ]);
    const element = value[Number(index.value)];
    return element === undefined ? [unknown(text, line)] : valuePieces([element], quoted);
  }
  if (operation.type !== 'Default') return [unknown(text, line)];
  const { operator, operand } = operation;
  const there = value !== undefined && (!operator.startsWith(':') || scalar(value).text !== '');
  const otherwise = () => piecesOf(operand, at, quoted);
  if (operator.endsWith('+')) return there ? otherwise() : [];
  if (there) return valuePieces(value, quoted);
  if (operator.endsWith('?')) return variable(name, text, line, at, quoted);
  if (operator.endsWith('=')) at.variables.set(name, [textOf(operand, at)]);
  return otherwise();
}
