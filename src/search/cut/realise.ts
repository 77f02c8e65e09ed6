import { dealt } from '../../domain/dealt.ts';
import type { Legality } from '../../domain/legality.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import type { StageCosts } from '../../evaluate/stage-costs.ts';
import { cutLayers } from '../../partition/cut-layers.ts';
import { type Cut, judge, type PartitionProblem } from '../../partition/problem.ts';
import type { PipelineClass, Shares } from '../../partition/shares.ts';
import { evenCounts } from '../bound/even-counts.ts';
import { type Candidate, placesOf } from '../space/candidate.ts';
import { partitionProblem } from './partition-problem.ts';
import { planFrom } from './plan-from.ts';

export interface Realised {
  readonly plan: Plan;
  readonly cut: Cut | null;
  /** Null: nothing was cut. */
  readonly partition: PartitionProblem | null;
  /** The framework cuts the layers itself: there was nothing to choose, and nothing to prove. */
  readonly cutByLauncher?: true;
  /** Layers were moved after the cut, for the evaluator's time. */
  readonly settled?: true;
  /** How micro-batches were dealt to unlike pipelines; absent for one pipeline. */
  readonly shares?: Shares & { readonly classes: readonly PipelineClass[]; readonly total: number };
}

/** Chooses the layers of each stage and writes the plan out; a Reason when no cut fits. */
export function realise(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageCosts[],
  { even = false, launcher = null }: { even?: boolean; launcher?: Legality | null } = {},
): Realised | Reason {
  const partition = partitionProblem(problem, candidate, costs);
  const { layout, choice } = candidate;
  const layers = problem.model.layers.length;
  const { vpp } = choice;
  if (vpp > 1 && layout.family !== 'uniform' && !even) return dealtOut(problem, candidate, partition);
  if (vpp > 1 || even) {
    const counts = evenCounts(layers, layout.pp * vpp);
    if (counts === null) {
      return {
        rule: 'layers-divisible-by-stages',
        actual: `${layers} layers`,
        limit: `equal on ${layout.pp * vpp} chunks`,
      };
    }
    const cut = vpp > 1 ? null : judge(partition, counts);
    return { plan: planFrom(problem, candidate, counts), cut, partition };
  }
  if (launcher?.layerCut !== undefined && layout.pp > 1) {
    const counts = launcher.layerCut(problem, layout.pp, layout.tp);
    if (counts === null)
      return { rule: 'layer-cut', actual: `pp=${layout.pp}`, limit: `a depth that ${launcher.id} can cut` };
    return { plan: planFrom(problem, candidate, counts), cut: null, partition, cutByLauncher: true };
  }
  const cut = cutLayers(partition);
  if ('rule' in cut) return cut;
  return { plan: planFrom(problem, candidate, cut.layersPerStage), cut, partition };
}

/** Unlike stages with several chunks each: the cut gives each stage its layers, dealt over its chunks in turn. */
function dealtOut(problem: Problem, candidate: Candidate, partition: PartitionProblem): Realised | Reason {
  const cut = cutLayers(partition);
  if ('rule' in cut) return cut;
  const { vpp } = candidate.choice;
  const least = Math.min(...cut.layersPerStage);
  if (least < vpp) {
    return {
      rule: 'layers-per-chunk',
      actual: `${least} layers on a stage`,
      limit: `at least vpp=${vpp}`,
    };
  }
  const left = cut.layersPerStage.map((n) => dealt(n, vpp));
  const counts = placesOf(candidate).map(({ stage, chunk }) => left[stage]![chunk]!);
  return { plan: planFrom(problem, candidate, counts), cut, partition };
}
