import type { NodeGroup } from '../../domain/cluster.ts';
import type { Legality, Outline } from '../../domain/legality.ts';
import { layersOf, type Techniques } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { hostRuns } from '../../launch-folder/ranks.ts';
import { planLaw } from '../../laws/plan.ts';
import { rememberedOf } from '../../units/remembered.ts';
import type { Framework, Reach } from '../port/framework.ts';
import { chunksInOrder, isEven } from './chunks.ts';
import { expressedProblem, expressedSchedule, expressedTechniques } from './expressed.ts';
import { outlineOf, outlineRules } from './outline.ts';
import { excludedBy, firstBroken, type OutlineRule, ofLayers, type ProblemRule, type Rule } from './rule.ts';
import { equalStateShares, oneSizeOfCopies } from './unlike-copies.ts';

/** RFC 1123 names and addresses, and the underscore that clusters use. Nothing a shell or a rendezvous could misread. */
const HOST = /^[A-Za-z0-9]([A-Za-z0-9._:-]{0,251}[A-Za-z0-9])?$/;

/**
 * The law of a framework: what no split can mend, asked before a search, then the laws of any plan, then what follows from
 * the forms and modules that the framework can express, most telling first, then rules of its own; of these, what an outline tells.
 */
export function lawOf(
  reach: Reach,
  forProblem: readonly ProblemRule[],
  forPlan: readonly Rule[],
  forOutline: readonly OutlineRule[] = [],
): Required<Pick<Legality, 'excludes' | 'refusesTechniques' | 'refuses' | 'refusesUncut' | 'reject'>> &
  Required<Pick<Framework, 'passes'>> {
  const problemRules = [hostNames, knownVendors(reach), ...expressedProblem(reach), ...forProblem];
  const outlines = [...outlineRules(reach), ...forOutline];
  const known = new WeakMap<Problem, Reason | null>();
  const excludes = (problem: Problem) =>
    rememberedOf(known, problem, () => excludedBy(problemRules, problem));
  const refuses = (problem: Problem, outline: Outline) =>
    excludes(problem) ??
    outlines.map((rule) => rule(problem, outline)).find((reason) => reason !== null) ??
    null;
  const refusesPlan: Rule = (problem, plan) => refuses(problem, outlineOf(plan));
  const kinds: readonly (readonly Rule[])[] = [
    [planLaw],
    [refusesPlan],
    structureRules(reach),
    [expressedSchedule(reach), expressedTechniques(reach)],
    forPlan,
  ];
  const planRules = kinds.flat();
  const uncutRules = kinds
    .slice(1)
    .flat()
    .filter((rule) => rule.ofLayers !== true);
  const ofTechniques = planRules.flatMap((rule) => rule.ofTechniques ?? []);
  const knownOf = new WeakMap<Techniques, Reason | null>();
  const cannotSay = (techniques: Techniques) =>
    rememberedOf(
      knownOf,
      techniques,
      () => ofTechniques.map((rule) => rule(techniques)).find((reason) => reason !== null) ?? null,
    );
  return {
    excludes,
    refusesTechniques: (problem, techniques) => excludes(problem) ?? cannotSay(techniques),
    refuses,
    refusesUncut: (problem, plan) => excludes(problem) ?? firstBroken(uncutRules, problem, plan),
    reject: (problem, plan) => excludes(problem) ?? firstBroken(planRules, problem, plan),
    passes(problem, plan) {
      if (excludes(problem) !== null) return 0;
      const broken = kinds.findIndex((rules) => firstBroken(rules, problem, plan) !== null);
      return 1 + (broken < 0 ? kinds.length : broken);
    },
  };
}

function structureRules({ name, capabilities: can }: Reach): Rule[] {
  const rules: Rule[] = [];
  if (!can.unequalMicroBatchSizes) rules.push(oneMicroBatchSize(name));
  if (!can.ownMicroBatchSizes) rules.push(oneSizeOfCopies(name));
  if (!can.unequalStateShares) rules.push(equalStateShares(name));
  if (!can.unevenLayers) rules.push(evenLayers(name));
  rules.push(emptyChunks(name, can.endsAlone));
  if (!can.unequalHosts) rules.push(equalHosts);
  return rules;
}

/** Whose GPUs its files start: of what else is in a cluster no launch file could be written. */
const knownVendors =
  ({ name }: Reach): ProblemRule =>
  ({ cluster }) => {
    const other = cluster.groups.find(({ gpu }) => UNKNOWN.includes(gpu.vendor));
    return other === undefined
      ? null
      : {
          rule: 'vendor',
          actual: `${other.gpu.name} in ${other.id}`,
          limit: `GPUs of NVIDIA, AMD or Intel: files for ${name} start no others`,
          hint: 'Maybe --launcher any, which ranks plans for a runtime of your own.',
        };
  };

/** Vendors whose software brings launchers of its own: JAX, Neuron, MindSpeed. */
const UNKNOWN: readonly NodeGroup['gpu']['vendor'][] = ['google', 'amazon', 'huawei'];

const hostNames: ProblemRule = ({ cluster }) => {
  const odd = cluster.groups.flatMap(({ hosts }) => hosts).find((host) => !HOST.test(host));
  if (odd === undefined) return null;
  return {
    rule: 'host-name',
    actual: `host ${JSON.stringify(odd)}`,
    limit: 'letters, digits, dots and dashes',
  };
};

const oneMicroBatchSize =
  (name: string): Rule =>
  (_, plan) => {
    const sizes = new Set(
      plan.pipelines.flatMap(({ stages }) => stages.map(({ microBatchSize }) => microBatchSize)),
    );
    if (sizes.size <= 1) return null;
    return {
      rule: 'one-micro-batch-size',
      actual: `micro-batches of ${[...sizes].join(', ')} sequences`,
      limit: `one size in ${name}`,
    };
  };

const evenLayers = (name: string): Rule =>
  ofLayers((_, plan) =>
    isEven(plan)
      ? null
      : {
          rule: 'even-layers',
          actual: `${plan.pipelines[0]!.stages.map(layersOf).join('/')} layers`,
          limit: `the same number on every stage in ${name}`,
        },
  );

const emptyChunks = (name: string, endsAlone: boolean): Rule =>
  ofLayers((_, plan) => {
    const chunks = chunksInOrder(plan);
    const inner = endsAlone ? chunks.slice(1, -1) : chunks;
    return inner.every(({ first, end }) => end > first)
      ? null
      : {
          rule: 'empty-stage',
          actual: 'a chunk without layers',
          limit: endsAlone ? `layers, or an end of the model, in ${name}` : `layers on each in ${name}`,
        };
  });

/** torchrun starts the same number of consecutive ranks on every host. */
const equalHosts: Rule = ({ cluster }, plan) => {
  const runs = hostRuns(cluster, plan);
  const sizes = new Set(runs.map(({ gpus }) => gpus.length));
  if (sizes.size > 1)
    return {
      rule: 'equal-gpus-per-host',
      actual: `${[...sizes].join(', ')} GPUs on the hosts used`,
      limit: 'the same number on each',
    };
  const seen = new Set(runs.map((run) => run.host));
  if (seen.size < runs.length)
    return {
      rule: 'consecutive-ranks-per-host',
      actual: 'a host whose ranks lie apart',
      limit: 'one run of ranks on each host',
    };
  return null;
};
