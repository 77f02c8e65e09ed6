import type { ParallelDims } from '../../domain/parallel-dims.ts';
import type { Techniques } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { leavesFor, TECHNIQUES, techniqueKeys } from '../../techniques/index.ts';
import { remembered } from '../../units/remembered.ts';
import { below, type SearchOptions } from './options.ts';

/** Values of all techniques. */
export interface TechniqueChoice {
  readonly techniques: Techniques;
  /** The technique that covers only as many layers of each stage as memory asks for, by id; null: none. */
  readonly fewest: string | null;
}

/** Values of one technique, and those of them that may also cover only as few layers as memory asks for. */
interface Values {
  readonly technique: (typeof TECHNIQUES)[number];
  readonly values: readonly unknown[];
  readonly some: readonly boolean[];
}

/** Every combination of the values of all techniques. */
export function techniqueChoices(
  problem: Problem,
  dims: ParallelDims,
  { fix, max, allow }: SearchOptions,
  beside: boolean,
): readonly TechniqueChoice[] {
  const all = TECHNIQUES.map((technique): Values => {
    const { id, off, usual, choices: choose, resolve, limit } = technique;
    const stated = fix.techniques[id];
    const held = stated === undefined ? undefined : (resolve?.(stated, problem, dims) ?? stated);
    const given = () => choose?.(problem, dims, held) ?? [held ?? usual?.(problem, dims) ?? off];
    const allowed = stated === undefined ? allowedAmong(technique, given, allow) : given();
    const values = beside ? allowed : together(technique, allowed);
    const limitable = (value: unknown) => limit?.of(value) === null && limit.with(value, 1) !== null;
    // Fewer layers, where they lie in one chunk.
    return {
      technique,
      values,
      some: values.map((value) => held === undefined && dims.vpp === 1 && limitable(value)),
    };
  });
  const combined = combinations(all);
  return Object.keys(max.techniques).length === 0
    ? combined
    : combined.filter(({ techniques }) => below(max, techniques));
}

/** Values that a chain by itself can have: none that has pipelines train apart. */
function together({ outer }: (typeof TECHNIQUES)[number], values: readonly unknown[]): readonly unknown[] {
  return outer === undefined ? values : values.filter((value) => outer(value) === null);
}

/** Off, where none of its values may be tried. */
function allowedAmong(
  technique: (typeof TECHNIQUES)[number],
  given: () => readonly unknown[],
  allow: readonly string[],
): readonly unknown[] {
  const { allowedAs, pricedAs, off } = technique;
  if (allowedAs !== undefined && !allow.includes(allowedAs)) return [off];
  if (pricedAs === undefined) return given();
  return given().filter((value) => leavesFor(technique, value).every((leave) => allow.includes(leave)));
}

const known = new Map<string, readonly TechniqueChoice[]>();

/** Combinations of the same values are the same objects, so that what follows from them is worked out once. */
function combinations(all: readonly Values[]): readonly TechniqueChoice[] {
  const key = all
    .map(({ technique, values, some }) =>
      values.map((value, i) => `${technique.format(value)}${some[i] ? '*' : ''}`),
    )
    .join(';');
  return remembered(known, key, () =>
    all
      .reduce<TechniqueChoice[]>(
        (sofar, { technique: { id, set }, values, some }) =>
          sofar.flatMap((one) =>
            values.flatMap((value, i): TechniqueChoice[] => {
              const plain = { ...one, techniques: set(one.techniques, value) };
              // One technique at a time covers only some layers.
              return some[i] && one.fewest === null ? [plain, { ...plain, fewest: id }] : [plain];
            }),
          ),
        [{ techniques: {}, fewest: null }],
      )
      .map((one) => ({ ...one, techniques: interned(one.techniques) })),
  );
}

const objects = new Map<string, Techniques>();

/** One object for the same values, so that what follows from them is worked out once. */
export function interned(techniques: Techniques): Techniques {
  return remembered(objects, techniqueKeys(techniques).all, () => techniques);
}
