import type { ArithmeticExpression, ParameterExpansionPart, Word, WordPart } from 'unbash';
import { arithmetic } from './arithmetic.ts';
import { changed } from './parameter.ts';
import { ARGUMENTS, type Surroundings, setTo, variableOf } from './shell.ts';
import { type Field, joined, known, scalar, unknown, type Value } from './state.ts';

/** A stretch of a word; `splits`: white space in it parts words. Between two stretches of an array, a word ends. */
type Piece = (Field & { readonly splits: boolean }) | 'end';

/** How a word is expanded: `quoted`: nothing in it splits; `one`: it stays one word, so that arrays are joined. */
type Manner = 'plain' | 'quoted' | 'one';

/** The words that a word of the script becomes. */
export function fieldsOf(word: Word, at: Surroundings): Field[] {
  const fields: Field[] = [];
  let current: Field | null = null;
  const end = () => {
    if (current !== null) fields.push(current);
    current = null;
  };
  for (const piece of piecesOf(word, at, 'plain')) {
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
  return joinedPieces(piecesOf(word, at, 'one')) ?? known('', at.lineOf(word.pos));
}

/** The same for the parts of a text between quotes, such as a here-document. */
export function textOfParts(parts: readonly WordPart[], at: Surroundings): Field {
  return joinedPieces(parts.flatMap((part) => pieces(part, at, 'one'))) ?? known('', 1);
}

function joinedPieces(all: readonly Piece[]): Field | null {
  let whole: Field | null = null;
  for (const piece of all) {
    if (piece === 'end') {
      if (whole !== null) whole = joined(whole, ' ', known('', whole.line));
      continue;
    }
    const { splits: _, ...field } = piece;
    whole = whole === null ? field : joined(whole, '', field);
  }
  return whole;
}

function piecesOf(word: Word, at: Surroundings, manner: Manner): Piece[] {
  if (word.parts === undefined) return [{ ...known(word.value, at.lineOf(word.pos)), splits: false }];
  return word.parts.flatMap((part) => pieces(part, at, manner));
}

function pieces(part: WordPart, at: Surroundings, manner: Manner): Piece[] {
  const line = at.lineOf(part.pos);
  const plain = (text: string): Piece[] => [{ ...known(text, line), splits: false }];
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return plain(part.value);
    case 'DoubleQuoted':
    case 'LocaleString': {
      const within = manner === 'one' ? 'one' : 'quoted';
      return part.parts.length === 0 ? plain('') : part.parts.flatMap((inner) => pieces(inner, at, within));
    }
    case 'SimpleExpansion':
      return variable(part.text.slice(1), part.text, line, at, manner);
    case 'ParameterExpansion':
      return parameter(part, line, at, manner);
    case 'ArithmeticExpansion': {
      const value = part.expression === undefined ? null : numberOf(part.expression, at, line);
      return value === null ? [{ ...unknown(part.text, line), splits: false }] : plain(String(value));
    }
    case 'CommandExpansion': {
      const text = /^\$\(|^`/.test(part.text)
        ? at.printed(part.text.replace(/^\$\(|[)`]$|^`/g, ''), at)
        : null;
      return text === null
        ? [{ ...unknown(part.text, line), splits: false }]
        : [{ ...known(text, line), splits: manner === 'plain' }];
    }
    case 'ProcessSubstitution':
      return [{ ...unknown(part.text, line), splits: false }];
    default:
      // Patterns and braces stand for themselves: in a pipeline layout they are meant so.
      return plain(part.text);
  }
}

/** The value of bash's arithmetic in these surroundings. */
export function numberOf(expression: ArithmeticExpression, at: Surroundings, line: number): number | null {
  return arithmetic(expression, {
    read(word) {
      const field =
        word.parts !== undefined
          ? textOfParts(word.parts, at)
          : scalar(variableOf(word.value.replace(/^\$/, ''), line, at) ?? []);
      return field.certainty === 'known' ? field.text : null;
    },
    write: (name, value) =>
      setTo(name, [value === null ? unknown(`$${name}`, line) : known(String(value), line)], at),
  });
}

/** A variable, or `$1`, `$@`, `$#`, `$0`. */
function variable(name: string, text: string, line: number, at: Surroundings, manner: Manner): Piece[] {
  if (/^[\d@*#]/.test(name)) at.named.add(ARGUMENTS);
  if (name === '#') return [{ ...known(String(at.args.length), line), splits: false }];
  if (name === '@' || name === '*')
    return isOpen(at)
      ? [{ text, line, certainty: 'unset', splits: false }]
      : arrayPieces(at.args, name, manner);
  const value = single(name, line, at);
  return value === undefined
    ? [{ text, line, certainty: 'unset', splits: false }]
    : valuePieces(value, manner);
}

const isOpen = ({ args, open }: Surroundings) => open && args.length === 0;

/** The value of a name that stands for one word. */
function single(name: string, line: number, at: Surroundings): Value | undefined {
  if (!/^[1-9]\d*$/.test(name)) return variableOf(name, line, at);
  const argument = at.args[Number(name) - 1];
  return argument === undefined ? undefined : [argument];
}

function valuePieces(value: Value, manner: Manner): Piece[] {
  const one = scalar(value.slice(0, 1));
  return [{ ...one, splits: manner === 'plain' && one.certainty !== 'either' }];
}

/** `@` keeps its elements apart, `*` in quotes does not; nor does either where all is one word. */
function arrayPieces(value: Value, index: '@' | '*', manner: Manner): Piece[] {
  if (value.length === 0) return [];
  if (manner === 'one' || (manner === 'quoted' && index === '*'))
    return [{ ...scalar(value), splits: false }];
  return value.flatMap((one, i): Piece[] => [
    ...(i > 0 ? (['end'] as const) : []),
    { ...one, splits: manner === 'plain' && one.certainty !== 'either' },
  ]);
}

/** `${NAME}`, `${NAME[@]}`, `${NAME:-default}` and their like; what it has no rule for is unknown. */
function parameter(part: ParameterExpansionPart, line: number, at: Surroundings, manner: Manner): Piece[] {
  const { parameter: name, index, operation, prefix, text } = part;
  const untold: Piece[] = [{ ...unknown(text, line), splits: false }];
  const all = name === '@' || name === '*' ? name : arrayIndex(index);
  const ofScript = name === '@' || name === '*';
  if (ofScript || /^\d+$/.test(name)) at.named.add(ARGUMENTS);
  const listed = ofScript ? (isOpen(at) ? undefined : at.args) : variableOf(name, line, at);
  if (prefix === '#') {
    const count = all === null ? single(name, line, at)?.[0]?.text.length : listed?.length;
    return [{ ...known(String(count ?? 0), line), splits: false }];
  }
  if (prefix === '!') {
    const other = operation === undefined && index === undefined ? single(name, line, at)?.[0] : undefined;
    return other?.certainty === 'known' ? variable(other.text, text, line, at, manner) : untold;
  }
  if (all !== null) {
    if (listed === undefined && ofScript) return [{ text, line, certainty: 'unset', splits: false }];
    const value = listed ?? [];
    if (operation === undefined)
      return listed === undefined
        ? [{ text, line, certainty: 'unset', splits: false }]
        : arrayPieces(value, all, manner);
    if (operation.type === 'Slice') {
      const [from, count] = [operation.offset, operation.length].map((word) =>
        word === undefined ? undefined : Number(textOf(word, at).text),
      );
      if (Number.isNaN(from) || Number.isNaN(count ?? 0)) return untold;
      // `$@` counts from 1, an array from 0.
      const start = name === '@' || name === '*' ? Math.max(0, from! - 1) : from!;
      return arrayPieces(value.slice(start, count === undefined ? undefined : start + count), all, manner);
    }
    if (operation.type !== 'Default') return untold;
    return value.length > 0 === !operation.operator.endsWith('+')
      ? arrayPieces(value, all, manner)
      : operation.operator.endsWith('+') && value.length === 0
        ? []
        : piecesOf(operation.operand, at, manner);
  }
  const value = element(name, index, line, at);
  if (operation === undefined) {
    if (value !== undefined) return valuePieces(value, manner);
    return index === undefined ? [{ text, line, certainty: 'unset', splits: false }] : untold;
  }
  if (operation.type !== 'Default') {
    const before = value === undefined ? null : scalar(value);
    if (before?.certainty !== 'known') return untold;
    const after = changed(before.text, operation, (word) => {
      const field = textOf(word, at);
      return field.certainty === 'known' ? field.text : null;
    });
    return after === null ? untold : [{ ...known(after, line), splits: manner === 'plain' }];
  }
  const { operator, operand } = operation;
  const there = value !== undefined && (!operator.startsWith(':') || scalar(value).text !== '');
  const otherwise = () => piecesOf(operand, at, manner);
  if (operator.endsWith('+')) return there ? otherwise() : [];
  if (there) return valuePieces(value, manner);
  if (operator.endsWith('?')) return [{ text, line, certainty: 'unset', splits: false }];
  if (operator.endsWith('=')) setTo(name, [textOf(operand, at)], at);
  return otherwise();
}

const arrayIndex = (index: Word | undefined) =>
  index?.value === '@' || index?.value === '*' ? index.value : null;

function element(name: string, index: Word | undefined, line: number, at: Surroundings): Value | undefined {
  if (index === undefined) return single(name, line, at);
  const place = Number(textOf(index, at).text);
  const one = variableOf(name, line, at)?.at(place);
  return one === undefined ? undefined : [one];
}
