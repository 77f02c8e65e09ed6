import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { rememberedOf } from '../units/remembered.ts';
import { limitWithout } from './laws/expressed.ts';
import type { Framework } from './port/framework.ts';

/** Names of frameworks that a hint lists. */
const MOST = 4;
const BY_ID = new Map(TECHNIQUES.map((one) => [one.id, one]));
const ANY = '--launcher any, a plan without files to launch it';

/** A framework whose refusal of a problem says which of the others do not refuse it. */
export function namingOthers(one: Framework, all: readonly Framework[]): Framework {
  if (one.excludes === undefined) return one;
  const known = new WeakMap<Problem, Reason | null>();
  const excludes = (problem: Problem) =>
    rememberedOf(known, problem, () => {
      const reason = one.excludes!(problem);
      return reason === null ? null : { ...reason, hint: hintOf(reason, problem, all) };
    });
  const ofTechniques = new WeakMap<Techniques, Reason | null>();
  const { refusesTechniques, refusesUncut } = one;
  return {
    ...one,
    excludes,
    reject: (problem, plan) => excludes(problem) ?? withOthers(one.reject(problem, plan), one, all),
    ...(refusesTechniques === undefined
      ? {}
      : {
          refusesTechniques: (problem, techniques) =>
            excludes(problem) ??
            rememberedOf(ofTechniques, techniques, () =>
              withOthers(refusesTechniques(problem, techniques), one, all),
            ),
        }),
    ...(refusesUncut === undefined
      ? {}
      : {
          refusesUncut: (problem, plan) =>
            excludes(problem) ?? withOthers(refusesUncut(problem, plan), one, all),
        }),
  };
}

/** What a framework says of a technique that it does not list, with those that do. */
function withOthers(reason: Reason | null, { name }: Framework, all: readonly Framework[]): Reason | null {
  const technique = reason === null || reason.hint !== undefined ? undefined : BY_ID.get(reason.rule);
  if (technique === undefined || reason!.limit !== limitWithout(name, technique)) return reason;
  const takers = all.filter(({ express }) => express.techniques.includes(technique.id)).map(({ id }) => id);
  return { ...reason!, hint: `Maybe ${takers.length === 0 ? ANY : `--launcher ${listed(takers)}`}.` };
}

/** The reason of frameworks that all refuse a problem, the first of them for all. */
export function refusedByAll(problem: Problem, all: readonly Framework[]): Reason | null {
  if (takersOf(problem, all).length > 0) return null;
  const [first] = all.flatMap((one) => one.excludes?.(problem) ?? []);
  if (first === undefined) return null;
  const limit = `${first.limit}; no other framework here takes it`;
  return { ...first, limit, hint: hintOf(first, problem, all) };
}

function takersOf(problem: Problem, all: readonly Framework[]): string[] {
  return all.filter((one) => (one.excludes?.(problem) ?? null) === null).map(({ id }) => id);
}

/** A hint of the rule itself, if it is of something else than launchers, and then who runs it. */
function hintOf({ hint }: Reason, problem: Problem, all: readonly Framework[]): string {
  const own = hint === undefined || hint.includes('--launcher') ? null : hint.replace(/\.$/, '');
  const takers = takersOf(problem, all);
  const who = takers.length === 0 ? (almost(problem, all) ?? ANY) : `--launcher ${listed(takers)}`;
  return own === null || who.includes(own.slice(6)) ? `Maybe ${who}.` : `${own}, or ${who}.`;
}

/** Who takes the optimizer with other options. */
function almost(problem: Problem, all: readonly Framework[]): string | null {
  const same = `Maybe --optimizer ${problem.workload.optimizer},`;
  for (const one of all) {
    const hint = one.excludes?.(problem)?.hint;
    if (hint?.startsWith(same)) return `--launcher ${one.id} with ${hint.slice(6, -1)}`;
  }
  return null;
}

function listed(names: readonly string[]): string {
  const some = names.slice(0, MOST);
  return some.length < 2 ? some.join('') : `${some.slice(0, -1).join(', ')} or ${some.at(-1)}`;
}
