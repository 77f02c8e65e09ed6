import { microBatchSizeOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { type Configuration, parseConfiguration } from './configuration.ts';
import { degreesOf } from './degrees.ts';
import { planOf } from './plan-of.ts';
import { chunkLayers, planText } from './text.ts';

/** A thing that a document says of a plan, and what the plan itself has. */
export interface Odds {
  readonly key: string;
  readonly said: string;
  readonly is: string;
}

/** What stands beside a plan in a document, of the same plan. A technique that came later is not among those of an older file. */
export interface SaidBeside {
  readonly configuration: string;
  readonly parallel: Readonly<Record<string, number>>;
  readonly microBatchSize: number;
  readonly numMicroBatches: number;
  readonly techniques: Readonly<Record<string, unknown>>;
  readonly schedule: string;
}

/** Where the degrees, the micro-batches, the schedule or a technique beside a plan are not the plan's; null: nowhere. */
export function besideOdds(said: SaidBeside, plan: Plan): Odds | null {
  const first = plan.pipelines[0]!.stages[0]!.replicas[0]!;
  const pairs: (readonly [string, unknown, unknown])[] = [
    ...Object.entries(degreesOf(plan)).map(
      ([key, is]) => [`parallel/${key}`, said.parallel[key], is] as const,
    ),
    ['microBatchSize', said.microBatchSize, microBatchSizeOf(plan)],
    ['numMicroBatches', said.numMicroBatches, first.microBatches],
    ['schedule', said.schedule, plan.schedule],
    ...TECHNIQUES.filter(({ id }) => id in said.techniques).map(
      ({ id, format, of }) =>
        [`techniques/${id}`, format(of(said.techniques)), format(of(plan.techniques))] as const,
    ),
  ];
  return odds(pairs);
}

/** Where a configuration by itself, on whatever cluster, is not that of a plan. */
export function statedOdds(configuration: Configuration, plan: Plan): Odds | null {
  const { counts, schedule, layers, techniques } = configuration;
  const { dp, ...degrees } = degreesOf(plan);
  const is = { ...degrees, ...plan.dims, dp, 'micro-batch': microBatchSizeOf(plan) };
  const all: Readonly<Record<string, number>> = { ...is, 'dp-replicate': plan.dims.dpReplicate };
  return odds([
    ...Object.entries(counts).map(([key, count]) => [key, count, all[key]] as const),
    ...(schedule === undefined ? [] : [['schedule', schedule, plan.schedule] as const]),
    ...(layers === undefined ? [] : [['layers', layers.join('/'), chunkLayers(plan).join('/')] as const]),
    ...TECHNIQUES.filter(({ id }) => id in techniques).map(
      ({ id, format, of }) => [id, format(of(techniques)), format(of(plan.techniques))] as const,
    ),
  ]);
}

/**
 * The whole configuration as the plan's own, where it says another plan of the problem; null: it says this one. An older file knows
 * nothing of techniques that came later, nor has its plan them.
 */
export function configurationOdds(problem: Problem, configuration: string, plan: Plan): Odds | null {
  const is = planText(problem, plan);
  if (configuration === is) return null;
  const parsed = parseConfiguration(configuration);
  const read = planOf(problem, parsed);
  if (!('rule' in read)) {
    const techniques = Object.fromEntries(
      Object.entries(read.plan.techniques).filter(([id]) => id in parsed.techniques || id in plan.techniques),
    );
    if (planText(problem, { ...read.plan, techniques }) === is) return null;
  }
  return statedOdds(parsed, plan) ?? { key: 'configuration', said: configuration, is };
}

function odds(pairs: readonly (readonly [string, unknown, unknown])[]): Odds | null {
  const odd = pairs.find(([, said, is]) => said !== is);
  if (odd === undefined) return null;
  const [key, said, is] = odd;
  return { key, said: `${said}`, is: `${is}` };
}
