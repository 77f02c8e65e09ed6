import { InputError } from '../../domain/input-error.ts';
import { after } from '../../foreign/python/scope.ts';
import type { FunctionDefinition, Statement } from '../../foreign/python/syntax.ts';
import type { Scope } from '../../foreign/python/value.ts';
import { assignmentsIn, type RecipeAssignments } from './assignments.ts';

/** Recipes of one file that start from one another, at most. */
const MOST_DEPTH = 16;

/**
 * The recipe of a file that is meant: `part` by name, else the only one. A function is a recipe where it makes or changes a
 * configuration; without any, the file is one. Throws InputError where that leaves several, or none of that name.
 */
export function recipeOf(
  statements: readonly Statement[],
  file: string,
  part: string | undefined,
): RecipeAssignments {
  const functions = statements.filter((one) => one.kind === 'function');
  const around = statements.filter((one) => one.kind !== 'function');
  const scope = around.reduce<Scope>((names, one) => after(one, names), new Map());
  const known = new Map(functions.map((one) => [one.name, one]));
  const found = functions.filter((one) => makesOne(assignmentsIn(one.body, scope)));
  const names = found.map(({ name }) => name);
  const chosen = part === undefined ? only(found, file) : found.find(({ name }) => name === part);
  if (part !== undefined && chosen === undefined)
    throw new InputError({
      message: `${file} has no recipe "${part}"`,
      expected: names.length === 0 ? 'a file of recipes, a function each' : `one of ${names.join(', ')}`,
    });
  return chosen === undefined ? assignmentsIn(around) : whole(chosen, known, scope, 0);
}

const makesOne = ({ base, fields }: RecipeAssignments) => base !== null || fields.size > 0;

/** Those whose names begin with an underscore are for the others. */
function only(found: readonly FunctionDefinition[], file: string): FunctionDefinition | undefined {
  const open = found.filter(({ name }) => !name.startsWith('_'));
  const [first] = open.length === 0 ? found : open;
  if (first === undefined || open.length < 2) return first;
  throw new InputError({
    message: `${file} has ${open.length} recipes: ${open.map(({ name }) => name).join(', ')}`,
    expected: 'one of them by name',
    hint: `Maybe ${file}:${first.name}.`,
    at: { file, line: first.line },
  });
}

/** A recipe over the one that it starts from, where that is a function of the same file. */
function whole(
  { name, body }: FunctionDefinition,
  known: ReadonlyMap<string, FunctionDefinition>,
  scope: Scope,
  depth: number,
): RecipeAssignments {
  const own = assignmentsIn(body, scope);
  const under = own.base === null || own.base === name ? undefined : known.get(own.base);
  if (under === undefined || depth > MOST_DEPTH) return own;
  const base = whole(under, known, scope, depth + 1);
  return {
    base: base.base,
    length: own.length ?? base.length,
    fields: new Map([...base.fields, ...own.fields]),
    names: new Map([...base.names, ...own.names]),
  };
}
