import type { SyntaxNode } from '@lezer/common';
import { changeOf } from './change.ts';
import { expression, inside, tuple } from './expression.ts';
import { importedNames } from './import.ts';
import type { Expression, FunctionDefinition, OtherStatement, Parameter, Statement } from './syntax.ts';
import { bracketed, childrenOf, hasError, type Parsed, parted, written } from './tree.ts';

/** The statements of a block, or of the whole text. */
export function statementsOf(block: SyntaxNode, parsed: Parsed): Statement[] {
  return childrenOf(block).flatMap((node) => {
    if (node.name === 'StatementGroup') return statementsOf(node, parsed);
    return /(Statement|Definition)$/.test(node.name) ? [statement(node, parsed)] : [];
  });
}

function statement(node: SyntaxNode, parsed: Parsed): Statement {
  switch (node.name) {
    case 'AssignStatement':
      return assignment(node, parsed) ?? other(node, parsed);
    case 'ImportStatement':
      return { kind: 'import', names: importedNames(node, parsed), line: parsed.lineOf(node) };
    case 'ReturnStatement':
      return {
        kind: 'return',
        value: tuple(childrenOf(node).slice(1), parsed),
        line: parsed.lineOf(node),
      };
    case 'FunctionDefinition':
      return definition(node, parsed, []);
    case 'DecoratedStatement': {
      const last = node.lastChild;
      const decorators = node.getChildren('Decorator').flatMap((one) => inside(one, parsed));
      return last?.name === 'FunctionDefinition' ? definition(last, parsed, decorators) : other(node, parsed);
    }
    default:
      return other(node, parsed);
  }
}

/** null: it gives no name or field a value. */
function assignment(node: SyntaxNode, parsed: Parsed): Statement | null {
  const sides = parted(
    childrenOf(node).filter(({ name }) => name !== 'TypeDef'),
    'AssignOp',
  );
  const [first = [], ...more] = sides;
  const line = parsed.lineOf(node);
  const untold: Expression = {
    kind: 'other',
    inside: inside(node, parsed),
    text: written(node, parsed),
    line,
  };
  if (isBroken(node, parsed)) {
    const target = tuple(first, parsed);
    return target === null ? null : { kind: 'assignment', targets: [target], value: untold, line };
  }
  const last = more.at(-1);
  const targets = sides.slice(0, -1).map((side) => tuple(side, parsed));
  if (last === undefined || !targets.every((target) => target !== null)) return null;
  return { kind: 'assignment', targets, value: tuple(last, parsed) ?? untold, line };
}

/** The parser could not make sense of all that stands on its lines. */
function isBroken(node: SyntaxNode, { lineAt, lineOf }: Parsed): boolean {
  const next = node.nextSibling;
  return hasError(node) || (next?.type.isError === true && lineOf(next) === lineAt(node.to));
}

function definition(
  node: SyntaxNode,
  parsed: Parsed,
  decorators: readonly Expression[],
): FunctionDefinition | OtherStatement {
  const list = node.getChild('ParamList');
  const name = node.getChild('VariableName');
  const body = node.getChild('Body');
  if (name === null || list === null || body === null) return other(node, parsed);
  const parameters = parted(bracketed(list), ',').flatMap((part): Parameter[] => {
    const called = part.find((one) => one.name === 'VariableName');
    const at = part.findIndex((one) => one.name === 'AssignOp');
    const value = at < 0 ? undefined : part[at + 1];
    if (called === undefined) return [];
    return [{ name: parsed.textOf(called), value: value === undefined ? null : expression(value, parsed) }];
  });
  return {
    kind: 'function',
    name: parsed.textOf(name),
    parameters,
    decorators,
    body: statementsOf(body, parsed),
    line: parsed.lineOf(node),
  };
}

function other(node: SyntaxNode, parsed: Parsed): OtherStatement {
  return {
    kind: 'other',
    ...changeOf(node, parsed),
    inside: inside(node, parsed),
    body: blocksOf(node).flatMap((block) => statementsOf(block, parsed)),
    once: runsOnce(node, parsed),
    line: parsed.lineOf(node),
  };
}

function runsOnce(node: SyntaxNode, { textOf }: Parsed): boolean {
  if (node.name === 'WithStatement' || node.name === 'TryStatement') return true;
  const [, test, ...rest] = childrenOf(node);
  return (
    node.name === 'IfStatement' &&
    /^__name__\s*==/.test(textOf(test!)) &&
    rest.every(({ name }) => name === 'Body')
  );
}

function blocksOf(node: SyntaxNode): SyntaxNode[] {
  return childrenOf(node).flatMap((child) =>
    child.name === 'Body' ? [child] : child.name.endsWith('Expression') ? [] : blocksOf(child),
  );
}
