import type { Problem } from '../../domain/problem.ts';
import { type LayerStates, layerSaved, layerStates } from '../../evaluate/layer-bytes.ts';
import {
  kernelSeconds,
  type StageCosts,
  type StageSeconds,
  stageCosts,
  stageSeconds,
} from '../../evaluate/stage-costs.ts';
import { profileCache } from '../../evaluate/stage-profile.ts';
import { techniqueKeys } from '../../techniques/index.ts';
import { remembered } from '../../units/remembered.ts';
import { type Candidate, specFor } from '../space/candidate.ts';
import { type Choice, chainOf, choices } from '../space/choices.ts';
import type { Frame, Serving } from '../space/frame.ts';
import type { SearchOptions } from '../space/options.ts';
import { firstAlike } from '../space/twin-groups.ts';
import { bySize, type Group } from './by-size.ts';

interface FrameChoices {
  readonly all: readonly Choice[];
  readonly groups: readonly Group[];
}

/** Costs of stages, shared by everything one search asks; forgets when it grows large. */
export class CostBook {
  readonly profiles = profileCache();
  private readonly layers = new Map<string, readonly number[]>();
  private readonly saved = new Map<string, readonly number[]>();
  private readonly states = new Map<string, LayerStates>();
  private readonly times = new Map<string, StageSeconds>();
  private readonly stages = new Map<string, StageCosts>();
  private readonly ofChains = new Map<string, FrameChoices>();
  /** As bounds see it: where nodes were measured, at the wire's rate. */
  readonly problem: Problem;
  /** Stages on groups alike cost the same: by group, the first of them. */
  private readonly alike: readonly number[];

  constructor(problem: Problem) {
    this.problem = problem;
    this.alike = firstAlike(problem.cluster);
  }

  /** Times of each run of the candidate's layout: what bounds ask of far more candidates than are ever cut. */
  seconds(candidate: Candidate): readonly StageSeconds[] {
    return this.each(this.times, MOST_TIMES, candidate, (run) =>
      stageSeconds(this.problem, specFor(this.problem, candidate, run), this.profiles),
    );
  }

  /** Seconds of a layer of each kind at least, by run: a look at many candidates at once. */
  kernels(candidate: Candidate): readonly (readonly number[])[] {
    return this.ofLayers(this.layers, candidate, kernelSeconds);
  }

  /** Bytes that a layer of each kind keeps for backward of each micro-batch, by run. */
  layerSaved(candidate: Candidate): readonly (readonly number[])[] {
    return this.ofLayers(this.saved, candidate, layerSaved);
  }

  /** What a layer of each kind holds all through the step, and what there is for all, by run. */
  layerStates(candidate: Candidate): readonly LayerStates[] {
    const { layout, choice } = candidate;
    const { cp, dp, ep, etp, pp } = layout;
    const { vpp, dpReplicate, techniques } = choice;
    const shared = `${cp}|${dp}|${ep}|${etp}|${pp}|${vpp}|${dpReplicate}|${techniqueKeys(techniques).step}`;
    return layout.runs.map((run) =>
      remembered(this.states, `${this.alike[run.group]}x${run.tp}/${run.fold}|${shared}`, () =>
        layerStates(this.problem, specFor(this.problem, candidate, run), this.profiles),
      ),
    );
  }

  /** Costs of each run of the candidate's layout. */
  of(candidate: Candidate): readonly StageCosts[] {
    return this.each(this.stages, MOST_STAGES, candidate, (run) =>
      stageCosts(this.problem, specFor(this.problem, candidate, run), this.profiles),
    );
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
  private ofLayers(
    known: Map<string, readonly number[]>,
    { layout, choice }: Candidate,
    work: typeof layerSaved,
  ): (readonly number[])[] {
    const { cp, ep, etp } = layout;
    const { layer } = techniqueKeys(choice.techniques);
    return layout.runs.map((run) => {
      const { group, tp, fold = 1 } = run;
      const key = `${this.alike[group]}x${tp}|${cp}|${ep}|${etp}|${choice.microBatchSize * fold}|${layer}`;
      return remembered(known, key, () =>
        work(this.problem, specFor(this.problem, { layout, choice }, run), this.profiles),
      );
    });
  }

  private each<V>(known: Map<string, V>, most: number, candidate: Candidate, work: (run: Serving) => V): V[] {
    const shared = sharedKey(candidate);
    return candidate.layout.runs.map((run) =>
      remembered(known, `${this.alike[run.group]}x${run.tp}/${run.fold}|${shared}`, () => work(run), most),
    );
  }
}

const MOST_TIMES = 20_000;
const MOST_STAGES = 4000;

/** All that a candidate's stages can depend on, beside the GPUs that serve them. */
function sharedKey({ layout: { cp, dp, ep, etp, pp }, choice }: Candidate): string {
  const { microBatchSize, vpp, schedule, dpReplicate, techniques } = choice;
  return `${cp}|${dp}|${ep}|${etp}|${pp}|${dpReplicate}|${microBatchSize}|${vpp}|${schedule}|${techniqueKeys(techniques).all}`;
}
