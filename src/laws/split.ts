import { nextBest, PRECISIONS } from '../domain/dtype.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { supports } from '../hardware/gemm.ts';
import { isMoe, lacking, layerLaw } from '../layers/layer.ts';

/** Stages on GPUs of a node group, each copy on tp × cp of them. */
export interface Shape {
  readonly group: number;
  readonly tp: number;
}

/** What the mathematics of a split depends on. */
export interface Split {
  readonly shapes: readonly Shape[];
  readonly cp: number;
  readonly dp: number;
  readonly ep: number;
  readonly etp: number;
}

/** A law that holds whatever the framework: mathematics of the split, not policy. */
type Rule = (problem: Problem, split: Split) => Reason | null;

/** What a GPU has no arithmetic of its own for would not start, or be emulated in a wider format. */
const precision: Rule = ({ cluster, workload }, { shapes }) =>
  firstOf(shapes, ({ group }) => {
    const { gpu } = cluster.groups[group]!;
    const { precision } = workload;
    if (supports(gpu, precision)) return null;
    const has = PRECISIONS.filter((one) => supports(gpu, one));
    return {
      rule: 'precision',
      actual: `${gpu.id} has no ${precision}`,
      limit: `a precision that it computes in: ${has.join(', ')}`,
      hint: `Maybe --precision ${nextBest(precision, has)}.`,
    };
  });

/** A layer given by times has them of some GPUs; all others are timed on any. */
const timed: Rule = ({ cluster, model }, { shapes }) => {
  if (model.unit === undefined) return null;
  return firstOf(shapes, ({ group }) => {
    const { id } = cluster.groups[group]!.gpu;
    const lacks = lacking(model, id);
    return lacks === null
      ? null
      : {
          rule: 'given-times',
          actual: lacks,
          limit: `times of ${id}, or flops and no times`,
          hint: `Maybe ${id} under times.`,
        };
  });
};

const parts: Rule = ({ model }, { shapes, cp, ep, etp }) =>
  firstOf(shapes, ({ tp }) => layerLaw(model, { tp, cp, ep, etp }));

/** Context parallelism gives each rank a part of the first half and one of the second. */
const sequence: Rule = ({ workload }, { cp }) => {
  if (cp === 1 || workload.sequenceLength % (2 * cp) === 0) return null;
  return {
    rule: 'sequence-divisible',
    actual: `sequence length ${workload.sequenceLength}`,
    limit: `a multiple of 2·cp = ${2 * cp}`,
  };
};

const expertGrid: Rule = (_, { shapes, cp, dp, ep, etp }) => {
  const stage = shapes.map(({ tp }) => tp * cp * dp).find((gpus) => gpus % (ep * etp) !== 0);
  if (stage === undefined) return null;
  return {
    rule: 'expert-grid',
    actual: `ep·etp = ${ep * etp}`,
    limit: `a divisor of the ${stage} GPUs of a stage`,
  };
};

const experts: Rule = ({ model }, { ep, etp }) =>
  ep * etp === 1 || isMoe(model)
    ? null
    : {
        rule: 'experts',
        actual: `ep=${ep}, etp=${etp}`,
        limit: `1 each: ${model.name} has no experts`,
        hint: 'Maybe ep=1.',
      };

const nodes: Rule = ({ cluster }, { shapes }) =>
  firstOf(shapes, ({ group, tp }) => {
    const { fastDomainGpus, id } = cluster.groups[group]!;
    if (tp > fastDomainGpus || fastDomainGpus % tp === 0) return null;
    return {
      rule: 'tp-tiles-node',
      actual: `tp=${tp}`,
      limit: `a divisor of the ${fastDomainGpus} GPUs of a ${id} domain`,
    };
  });

/** Models beside the trained one are split as it is, but for experts that they have not. */
const beside: Rule = ({ workload: { models } }, { shapes, cp, ep, etp }) => {
  for (const { model, name, whole } of models ?? []) {
    if (whole) continue;
    const experts = isMoe(model) ? { ep, etp } : { ep: 1, etp: 1 };
    const broken = firstOf(shapes, ({ tp }) => layerLaw(model, { tp, cp, ...experts }));
    if (broken !== null) return { ...broken, actual: `${broken.actual} in ${name}` };
  }
  return null;
};

const RULES: readonly Rule[] = [precision, parts, timed, beside, sequence, experts, expertGrid, nodes];

/** The first law that a split breaks, or null. */
export function splitLaw(problem: Problem, split: Split): Reason | null {
  return firstOf(RULES, (rule) => rule(problem, split));
}

function firstOf<T>(items: readonly T[], broken: (item: T) => Reason | null): Reason | null {
  for (const item of items) {
    const reason = broken(item);
    if (reason !== null) return reason;
  }
  return null;
}
