import { createHash } from 'node:crypto';
import {
  type DocumentOptions,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type ParseOptions,
  parseAllDocuments,
  visit,
  type Document as YamlDocument,
} from 'yaml';
import { InputError, type Location } from '../domain/input-error.ts';
import { jsonProblem } from './json-problem.ts';

/** A file that was read and parsed, with the way back from a value to its line. */
export interface Document {
  readonly path: string;
  readonly sha256: string;
  readonly value: unknown;
  locate(pointer: string): Location;
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** YAML or JSON. Every failure is an InputError that says where and what was expected. */
export function parseDocument(path: string, text: string): Document {
  return parsedBy(path, text, { uniqueKeys: true });
}

/** A file of a framework in Python, as PyYAML takes it: YAML 1.1, and of a key that stands twice the last. */
export function parseLaunchYaml(path: string, text: string): Document {
  return parsedBy(path, text, { uniqueKeys: false, version: '1.1' });
}

function parsedBy(path: string, text: string, dialect: ParseOptions & DocumentOptions): Document {
  const lines = new LineCounter();
  const documents: readonly YamlDocument.Parsed[] = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    ...dialect,
  });
  const at = (offset: number | undefined): Location => {
    const pos = lines.linePos(offset ?? 0);
    return { file: path, line: pos.line, column: pos.col };
  };
  const [document, second] = documents;
  if (document === undefined) throw empty(path);
  const problem = document.errors[0];
  if (problem !== undefined && /call stack/.test(problem.message))
    throw new InputError({
      message: 'nested too deeply to be read',
      expected: 'a few hundred levels at most',
      at: at(problem.pos[0]),
    });
  if (problem !== undefined) {
    const json = jsonProblem(text);
    throw new InputError(
      json === null
        ? {
            message: problem.message,
            expected: 'YAML or JSON',
            // JSON with comments does not begin as JSON does.
            ...(/^\s*(\/\/|\/\*)/.test(text) ? { hint: 'Maybe without comments, which JSON has not.' } : {}),
            at: at(problem.pos[0]),
          }
        : { message: json.message, expected: 'JSON', at: at(json.offset ?? problem.pos[0]) },
    );
  }
  if (second !== undefined) {
    throw new InputError({
      message: 'more than one YAML document in the file',
      expected: 'one document',
      at: at(second.range[0]),
    });
  }
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && FORBIDDEN.has(String(pair.key.value))) {
        throw new InputError({
          message: `key "${String(pair.key.value)}" is not allowed`,
          expected: 'plain keys',
          at: at(pair.key.range?.[0]),
        });
      }
    },
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    throw new InputError({
      message: `cannot expand the file: ${(error as Error).message}`,
      expected: 'few or no YAML aliases',
      at: { file: path },
    });
  }
  if (value === null || value === undefined) throw empty(path);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { path, sha256, value, locate: (pointer) => at(offsetOf(document, pointer)) };
}

function offsetOf(document: YamlDocument.Parsed, pointer: string): number | undefined {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  let offset = document.contents?.range?.[0];
  for (let depth = 1; depth <= keys.length; depth++) {
    const parent = depth === 1 ? document.contents : document.getIn(keys.slice(0, depth - 1), true);
    const key = keys[depth - 1]!;
    if (isMap(parent)) {
      const pair = parent.items.findLast(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key,
      );
      if (pair === undefined) return offset;
      const node = isScalar(pair.value) ? pair.value : pair.key;
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else {
      const node = document.getIn(keys.slice(0, depth), true);
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    }
  }
  return offset;
}

export function empty(path: string, what = 'a YAML or JSON document'): InputError {
  return new InputError({
    message: `${path} is empty`,
    expected: what,
    at: { file: path, line: 1, column: 1 },
  });
}
