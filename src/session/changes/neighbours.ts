import type { Plan } from '../../domain/plan.ts';
import { layersOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { type Configuration, type Count, overlaid } from '../../plan-text/configuration.ts';
import { degreesOf, widestOf } from '../../plan-text/degrees.ts';
import { SCHEDULES } from '../../schedules/index.ts';
import { TECHNIQUES } from '../../techniques/index.ts';

/** Layers that a limit is moved by. */
const STEPS = [1, 2, 4];

/** Configurations one switch away from a plan's: none of them changes its degrees. */
export function neighbours(problem: Problem, plan: Plan, base: Configuration): Configuration[] {
  return [
    ...otherTechniques(problem, plan, base),
    ...otherMicroBatches(base),
    ...otherSchedules(plan, base),
    ...movedLayers(plan, base),
  ];
}

/** Each value that a search would try of a technique without leave, and limits a few layers away. */
function otherTechniques(problem: Problem, plan: Plan, base: Configuration): Configuration[] {
  const dims = widestOf(plan);
  const most = Math.max(...plan.pipelines.flatMap(({ stages }) => stages.map(layersOf)));
  return TECHNIQUES.flatMap(({ id, of, off, choices, limit, allowedAs, format }) => {
    const now = of(plan.techniques);
    const tried = allowedAs === undefined ? (choices?.(problem, dims) ?? []) : [off];
    const layers = limit === undefined ? null : limit.of(now);
    const near =
      limit === undefined || limit.with(now, 1) === null
        ? []
        : STEPS.flatMap((step) => [(layers ?? most) - step, (layers ?? most) + step])
            .filter((count) => count > 0 && count < most)
            .map((count) => limit.with(now, count)!);
    const values = new Map([...tried, ...near].map((value) => [format(value), value]));
    values.delete(format(now));
    return [...values.values()].map((value) => overlaid(base, { counts: {}, techniques: { [id]: value } }));
  });
}

function otherMicroBatches(base: Configuration): Configuration[] {
  const now = base.counts['micro-batch'];
  if (now === undefined || base.pipelines !== undefined) return [];
  return [now * 2, now / 2]
    .filter((size) => Number.isInteger(size))
    .map((size) => withCounts(base, { 'micro-batch': size }));
}

/** Other orders, with as many chunks as they want; layers are then spread evenly. */
function otherSchedules(plan: Plan, base: Configuration): Configuration[] {
  if (base.pipelines !== undefined || degreesOf(plan).pp === 1) return [];
  const { vpp } = plan.dims;
  // What runs on into the next step with older weights computes something else: it is asked for by name.
  return SCHEDULES.filter(({ flows }) => flows !== true).flatMap(({ id, chunks }) => {
    const counts = chunks === 'one' ? [1] : chunks === 'loop' ? [2, vpp, 2 * vpp, vpp / 2] : [2];
    return [...new Set(counts)]
      .filter((count) => Number.isInteger(count) && (chunks !== 'loop' || count > 1))
      .filter((count) => id !== plan.schedule || count !== vpp)
      .map((count): Configuration => {
        const { layers, ...rest } = withCounts(base, { vpp: count });
        return { ...rest, schedule: id, ...(count === vpp && layers !== undefined ? { layers } : {}) };
      });
  });
}

/** One layer from a chunk to the next or back, and from each to the one that has fewest. */
function movedLayers(plan: Plan, base: Configuration): Configuration[] {
  const { layers } = base;
  if (layers === undefined || plan.pipelines.length > 1) return [];
  const pairs = layers.slice(1).flatMap((_, i) => [
    [i, i + 1],
    [i + 1, i],
  ]);
  return pairs
    .filter(([from]) => layers[from!]! > 1)
    .map(([from, to]) => ({
      ...base,
      layers: layers.map((count, i) => count + (i === to ? 1 : 0) - (i === from ? 1 : 0)),
    }));
}

/** Degrees of which one is doubled and another halved: what a search is then asked to cut layers for. */
export function otherDegrees(base: Configuration): Configuration['counts'][] {
  if (base.pipelines !== undefined || base.tensorParallel !== undefined) return [];
  const { counts } = base;
  const own = (key: Count) => counts[key] ?? 1;
  const exchanged = DEGREES.flatMap((more) =>
    DEGREES.filter((less) => less !== more && own(less) % 2 === 0).map((less) => ({
      ...counts,
      [more]: own(more) * 2,
      [less]: own(less) / 2,
    })),
  );
  const experts = own('ep') === 1 && own('etp') === 1 ? [] : [own('ep') * 2, own('ep') / 2];
  return [...exchanged, ...experts.filter(Number.isInteger).map((ep) => ({ ...counts, ep }))];
}

const DEGREES = ['tp', 'cp', 'pp', 'dp'] as const;

function withCounts(base: Configuration, counts: Configuration['counts']): Configuration {
  return { ...base, counts: { ...base.counts, ...counts } };
}
