import type { Problem } from '../../domain/problem.ts';
import type { StageSpec } from '../../evaluate/context.ts';
import { type LayerStates, layerSaved, layerStates } from '../../evaluate/layer-bytes.ts';
import {
  type KernelSeconds,
  kernelSeconds,
  type StageCosts,
  type StageSeconds,
  stageCosts,
  stageSeconds,
} from '../../evaluate/stage-costs.ts';
import { type ProfileCache, profileCache } from '../../evaluate/stage-profile.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import { Table } from '../../units/table.ts';
import { type Candidate, specFor } from '../space/candidate.ts';
import { type Choice, chainOf, choices } from '../space/choices.ts';
import type { Frame, Layout, Serving } from '../space/frame.ts';
import type { SearchOptions } from '../space/options.ts';
import { firstAlike } from '../space/twin-groups.ts';
import { bySize, type Group } from './by-size.ts';
import { choiceKeys, numberOf } from './choice-keys.ts';
import { flowFor, leastAlive } from './memory-bound.ts';

interface FrameChoices {
  readonly all: readonly Choice[];
  readonly groups: readonly Group[];
}

/** Numbers of the runs of a layout, by all that a stage's costs depend on and by what its kernels do. */
interface RunKeys {
  readonly whole: readonly number[];
  readonly kernels: readonly number[];
  /** Of the whole layout, by what its schedule depends on. */
  readonly flow: number;
}

/** Costs of stages, whatever they are asked for; forgets when it grows large. */
class Costs {
  readonly profiles = profileCache();
  readonly kernels = new Table<KernelSeconds>();
  readonly saved = new Table<readonly number[]>();
  readonly states = new Table<LayerStates>();
  readonly alive = new Table<readonly number[]>(MOST_TIMES);
  readonly times = new Table<StageSeconds>(MOST_TIMES);
  readonly stages = new Table<StageCosts>(MOST_STAGES);
  readonly runs = new WeakMap<Layout, RunKeys>();
  /** Stages on groups alike cost the same: by group, the first of them. */
  readonly alike: readonly number[];

  constructor({ cluster }: Problem) {
    this.alike = firstAlike(cluster);
  }
}

/** Costs of stages, shared by everything one search asks, and by searches of one problem. */
export class CostBook {
  /** As bounds see it: where nodes were measured, at the wire's rate. */
  readonly problem: Problem;
  private readonly costs: Costs;
  private readonly ofChains = new Map<string, FrameChoices>();

  constructor(problem: Problem, costs = new Costs(problem)) {
    this.problem = problem;
    this.costs = costs;
  }

  /** For another search of the same problem. */
  again(): CostBook {
    return new CostBook(this.problem, this.costs);
  }

  get profiles(): ProfileCache {
    return this.costs.profiles;
  }

  /** Times of each run of the candidate's layout: what bounds ask of far more candidates than are ever cut. */
  seconds(candidate: Candidate): readonly StageSeconds[] {
    return this.each(this.costs.times, candidate, stageSeconds);
  }

  /** Seconds of layers and ends of the model at least, by run: a look at many candidates at once. */
  kernels(candidate: Candidate): readonly KernelSeconds[] {
    return this.ofLayers(this.costs.kernels, candidate, kernelSeconds);
  }

  /** Bytes that a layer of each kind keeps for backward of each micro-batch, by run. */
  layerSaved(candidate: Candidate): readonly (readonly number[])[] {
    return this.ofLayers(this.costs.saved, candidate, layerSaved);
  }

  /** What a layer of each kind holds all through the step, and what there is for all, by run. */
  layerStates(candidate: Candidate): readonly LayerStates[] {
    const { layout, choice } = candidate;
    const { whole } = this.keysOf(layout);
    const { states } = choiceKeys(choice);
    return layout.runs.map((run, i) =>
      this.costs.states.at(whole[i]!, states, () => this.worked(layerStates, candidate, run)),
    );
  }

  /** Micro-batches that each stage has alive at once, at least. */
  inFlight(candidate: Candidate): readonly number[] {
    const { layout, choice } = candidate;
    const { flow } = this.keysOf(layout);
    return this.costs.alive.at(flow, choiceKeys(choice).alive, () =>
      flowFor(this.problem, candidate).map(leastAlive),
    );
  }

  /** Costs of each run of the candidate's layout. */
  of(candidate: Candidate): readonly StageCosts[] {
    return this.each(this.costs.stages, candidate, stageCosts);
  }

  /** Choices of a frame, by size of micro-batch too: frames that are alike in all that choices depend on have the same. `options`: of one search. */
  choices(frame: Frame, options: SearchOptions): FrameChoices {
    const chain = chainOf(this.problem, frame);
    return remembered(this.ofChains, Object.values(chain).join('|'), () => {
      const all = choices(this.problem, chain, options);
      return { all, groups: bySize(all) };
    });
  }

  /** What depends on nothing but the kernels of a layer. */
  private ofLayers<V>(known: Table<V>, candidate: Candidate, work: Work<V>): V[] {
    const { layout, choice } = candidate;
    const { kernels } = this.keysOf(layout);
    const { layer } = choiceKeys(choice);
    return layout.runs.map((run, i) => {
      const size = choice.microBatchSize * (run.fold ?? 1);
      return known.at(kernels[i]!, layer * MOST_SIZES + size, () => this.worked(work, candidate, run));
    });
  }

  private each<V>(known: Table<V>, candidate: Candidate, work: Work<V>): V[] {
    const { layout, choice } = candidate;
    const { whole } = this.keysOf(layout);
    const { all } = choiceKeys(choice);
    return layout.runs.map((run, i) => known.at(whole[i]!, all, () => this.worked(work, candidate, run)));
  }

  private worked<V>(work: Work<V>, candidate: Candidate, run: Serving): V {
    return work(this.problem, specFor(this.problem, candidate, run), this.profiles);
  }

  private keysOf(layout: Layout): RunKeys {
    const { alike, runs } = this.costs;
    return rememberedOf(runs, layout, () => {
      const { cp, dp, ep, etp, pp } = layout;
      const each = (shared: string) =>
        layout.runs.map(({ group, tp, fold = 1 }) => numberOf(`${alike[group]}x${tp}/${fold}|${shared}`));
      const kernels = layout.runs.map(({ group, tp }) =>
        numberOf(`${alike[group]}x${tp}|${cp}|${ep}|${etp}`),
      );
      return {
        flow: numberOf(`${dp}/${pp}`),
        whole: each(`${cp}|${dp}|${ep}|${etp}|${pp}`),
        kernels,
      };
    });
  }
}

type Work<V> = (problem: Problem, spec: StageSpec, profiles: ProfileCache) => V;

const MOST_TIMES = 20_000;
const MOST_STAGES = 4000;
/** Larger than any micro-batch. */
const MOST_SIZES = 2 ** 20;
