import { evaluate } from '../../foreign/python/evaluate.ts';
import { after, pairs } from '../../foreign/python/scope.ts';
import type { Expression, FunctionDefinition, Statement } from '../../foreign/python/syntax.ts';
import { isKind, type Made, type Scope, type Value } from '../../foreign/python/value.ts';
import { callsOf } from '../../foreign/python/walk.ts';
import { isRun, type Objects } from './objects.ts';
import { nameOf } from './recipe-calls.ts';

/** Functions of one file that call one another, at most. */
const MOST_DEPTH = 16;

/** What a program does as it is written, without running it. */
export interface Followed {
  /** Configurations that it starts: `run.run(recipe)`, `exp.add(recipe)`, `llm.pretrain(…)`. */
  readonly started: readonly Made[];
  /** Those that names of the file stand for at its end. */
  readonly named: readonly Made[];
  /** What a function of the file gives, its parameters as they are by default. */
  call(name: string): Value | null;
  readonly functions: readonly FunctionDefinition[];
}

interface State {
  scope: Scope;
  returned: Value | null;
}

/** Functions of the file are followed where they are called; what a condition or a loop sets cannot be told. */
export function follow(statements: readonly Statement[], objects: Objects): Followed {
  const functions = statements.filter((one) => one.kind === 'function');
  const known = new Map(functions.map((one) => [one.name, one]));
  const started: Made[] = [];
  let global: Scope = new Map();
  let depth = 0;

  function called(value: Value): Value {
    if (!isKind(value, 'made') || objects.behind(value) !== value) return value;
    const own = isKind(value.by, 'named') && value.by.module === null ? known.get(value.by.name) : undefined;
    if (own !== undefined && depth < MOST_DEPTH) {
      const given = runFunction(own, value);
      if (given !== null) objects.is(value, given);
    }
    for (const one of [...value.args, ...value.keywords.values()]) called(one);
    return value;
  }

  function runFunction({ parameters, body }: FunctionDefinition, call: Made | null): Value | null {
    depth += 1;
    const scope = new Map(global);
    for (const [i, { name, value }] of parameters.entries()) {
      const given = call?.keywords.get(name) ?? call?.args[i];
      const usual: Value =
        value === null ? { kind: 'unreadable', text: name, line: call?.line ?? 1 } : evaluate(value, global);
      scope.set(name, given ?? usual);
    }
    const state = { scope: scope as Scope, returned: null as Value | null };
    block(body, state, true);
    depth -= 1;
    return state.returned;
  }

  function block(body: readonly Statement[], state: State, certain: boolean): void {
    for (const statement of body) step(statement, state, certain);
  }

  function step(statement: Statement, state: State, certain: boolean): void {
    if (statement.kind === 'assignment') {
      const targets = statement.targets.flatMap((target) => pairs(target, statement.value));
      const values = new Map<Expression, Value>();
      for (const [target, expression] of targets) {
        const value: Value =
          expression === null
            ? untold(target.text, statement.line)
            : (values.get(expression) ?? called(evaluate(expression, state.scope)));
        if (expression !== null) values.set(expression, value);
        assign(target, certain ? value : undecided(value, statement.line), state, statement);
      }
      return;
    }
    if (statement.kind === 'return') {
      if (statement.value === null) return;
      const value = called(evaluate(statement.value, state.scope));
      if (certain || state.returned === null) state.returned = value;
      return;
    }
    if (statement.kind !== 'other') {
      state.scope = after(statement, state.scope);
      return;
    }
    for (const call of callsOf(statement))
      noteCall(evaluate(call, state.scope), call.of.kind === 'attribute' ? call.of.name : null, certain);
    state.scope = after(statement, state.scope);
    block(statement.body, state, certain && statement.once);
  }

  function assign(target: Expression, value: Value, state: State, { line }: Statement): void {
    if (target.kind === 'name') state.scope = new Map([...state.scope, [target.name, value]]);
    else if (target.kind === 'attribute') {
      const at = placeOf(evaluate(target, state.scope));
      if (at !== null) objects.set(at.object, at.path, { value, line });
    }
  }

  /** `method`: of something whose value cannot be told, `exp.add(…)`. */
  function noteCall(call: Value, method: string | null, certain: boolean): void {
    if (!isKind(call, 'made')) return;
    called(call);
    const name = nameOf(call.by) ?? method;
    const handed = [...call.args, ...call.keywords.values()].map((one) => objects.behind(one));
    if (name === 'run' || name === 'add' || name === 'main') started.push(...handed.filter(isRun));
    else if (isRun(call) && nameOf(call.by)?.endsWith('_recipe') === false && name !== 'Partial')
      started.push(call);
    const list =
      (name === 'append' || name === 'extend') && isKind(call.by, 'field') ? placeOf(call.by.of) : null;
    if (list === null) return;
    for (const value of call.args)
      objects.add(list.object, list.path, {
        value: certain ? value : undecided(value, call.line),
        line: call.line,
      });
  }

  const state: State = { scope: global, returned: null };
  for (const statement of statements) {
    step(statement, state, true);
    global = state.scope;
  }
  const named = [...state.scope.values()].map((value) => objects.behind(value)).filter(isRun);
  return {
    started: [...new Set(started)],
    named: [...new Set(named)],
    functions,
    call(name) {
      const own = known.get(name);
      return own === undefined ? null : runFunction(own, null);
    },
  };
}

/** The object that a chain of fields starts from, and where in it; null: it is a name's, or none. */
function placeOf(value: Value): { readonly object: Made; readonly path: string } | null {
  if (isKind(value, 'made')) return { object: value, path: '' };
  if (!isKind(value, 'field')) return null;
  const owner = placeOf(value.of);
  return owner === null
    ? null
    : { object: owner.object, path: owner.path === '' ? value.name : `${owner.path}.${value.name}` };
}

const untold = (text: string, line: number): Value => ({ kind: 'unreadable', text, line });

function undecided(value: Value, line: number): Value {
  const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : String(value);
  return untold(`${text}, where a condition or a loop says so`, line);
}
