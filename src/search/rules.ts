import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { layerLaw } from '../layers/layer.ts';
import type { Layout, Serving } from './layouts.ts';

/** A law that holds whatever the launcher: mathematics of the split, not policy. */
type Rule = (problem: Problem, layout: Layout) => Reason | null;

const parts: Rule = ({ model }, { runs, cp, ep, etp }) =>
  firstOf(runs, ({ tp }) => layerLaw(model, { tp, cp, ep, etp }));

function firstOf(runs: Layout['runs'], broken: (run: Serving) => Reason | null): Reason | null {
  for (const run of runs) {
    const reason = broken(run);
    if (reason !== null) return reason;
  }
  return null;
}

const sequence: Rule = ({ workload }, { cp, runs }) => {
  const tp = Math.max(...runs.map((run) => run.tp));
  const parts = cp > 1 ? 2 * cp * tp : tp;
  if (workload.sequenceLength % parts === 0) return null;
  return {
    rule: 'sequence-divisible',
    actual: `sequence length ${workload.sequenceLength}`,
    limit: `a multiple of ${parts} (tp=${tp}, cp=${cp})`,
  };
};

const expertGrid: Rule = (_, { runs, cp, dp, ep, etp }) => {
  const stage = runs.map(({ tp }) => tp * cp * dp).find((gpus) => gpus % (ep * etp) !== 0);
  if (stage === undefined) return null;
  return {
    rule: 'expert-grid',
    actual: `ep·etp = ${ep * etp}`,
    limit: `a divisor of the ${stage} GPUs of a stage`,
  };
};

const depth: Rule = ({ model }, { pp }) => {
  const layers = model.layers.length;
  return pp <= layers
    ? null
    : { rule: 'layers-per-stage', actual: `${layers} layers`, limit: `at least pp=${pp}` };
};

const nodes: Rule = ({ cluster }, { runs }) => {
  for (const { group, tp } of runs) {
    const { fastDomainGpus, id } = cluster.groups[group]!;
    if (tp <= fastDomainGpus && fastDomainGpus % tp !== 0) {
      return {
        rule: 'tp-tiles-node',
        actual: `tp=${tp}`,
        limit: `a divisor of the ${fastDomainGpus} GPUs of a ${id} domain`,
      };
    }
  }
  return null;
};

const precision: Rule = ({ cluster, workload }, { runs }) => {
  for (const { group } of runs) {
    const { gpu } = cluster.groups[group]!;
    if (workload.precision === 'bf16' && gpu.peakFlops.bf16 === undefined) {
      return {
        rule: 'precision',
        actual: `${gpu.id} has no bf16`,
        limit: 'bf16',
        hint: 'Maybe --precision fp16.',
      };
    }
  }
  return null;
};

const RULES: readonly Rule[] = [precision, parts, sequence, expertGrid, depth, nodes];

/** The first law a layout breaks, or null. */
export function illegal(problem: Problem, layout: Layout): Reason | null {
  for (const rule of RULES) {
    const reason = rule(problem, layout);
    if (reason !== null) return reason;
  }
  return null;
}
