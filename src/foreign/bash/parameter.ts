import type { ParameterOperation, Word } from 'unbash';
import { patternSource } from './pattern.ts';

/** What a `${NAME…}` makes of a known text, for all operations but defaults; null: it has no rule here. */
export function changed(
  text: string,
  operation: Exclude<ParameterOperation, { type: 'Default' }>,
  of: (word: Word) => string | null,
): string | null {
  switch (operation.type) {
    case 'Remove': {
      const pattern = of(operation.operand);
      return pattern === null ? null : without(text, operation.operator, pattern);
    }
    case 'Replace': {
      const [pattern, by] = [of(operation.pattern), of(operation.replacement)];
      if (pattern === null || by === null) return null;
      const source = patternSource(pattern);
      const { operator } = operation;
      const [from, to] = [operator === '/#' ? '^' : '', operator === '/%' ? '$' : ''];
      return text.replace(new RegExp(`${from}${source}${to}`, operator === '//' ? 'g' : ''), () => by);
    }
    case 'CaseModification': {
      const { operator } = operation;
      if (operator === ',,') return text.toLowerCase();
      if (operator === '^^') return text.toUpperCase();
      const first = text.slice(0, 1);
      return (operator === ',' ? first.toLowerCase() : first.toUpperCase()) + text.slice(1);
    }
    case 'Slice': {
      const [offset, length] = [of(operation.offset), operation.length && of(operation.length)];
      const [from, count] = [Number(offset), length === undefined ? undefined : Number(length)];
      if (offset === null || Number.isNaN(from) || length === null || Number.isNaN(count ?? 0)) return null;
      const rest = text.slice(from);
      return count === undefined ? rest : rest.slice(0, count);
    }
    default:
      return null;
  }
}

/** `#` and `%` take off the shortest piece that matches, `##` and `%%` the longest. */
function without(text: string, operator: '#' | '##' | '%' | '%%', pattern: string): string {
  const whole = new RegExp(`^${patternSource(pattern)}$`);
  const lengths = Array.from({ length: text.length + 1 }, (_, i) => i);
  const order = operator.length === 2 ? lengths.reverse() : lengths;
  for (const length of order) {
    const piece = operator.startsWith('#') ? text.slice(0, length) : text.slice(text.length - length);
    if (whole.test(piece))
      return operator.startsWith('#') ? text.slice(length) : text.slice(0, text.length - length);
  }
  return text;
}
