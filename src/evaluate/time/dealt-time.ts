import { copySeconds, hostOf } from '../../hardware/host.ts';
import { playDispatched, type Visited } from '../../schedules/dispatched/play.ts';
import type { Dispatch } from '../../techniques/dispatched.ts';
import { type Dealt, dealtOf, roundOf, sumOver } from '../dealt-stages.ts';
import type { StageProfile } from '../stage-profile.ts';

/**
 * Seconds of one step of stages that are dealt to GPUs in rounds, or what a step adds, where the next begins at once; and those of copies that
 * nothing hides. `busy`: what each GPU works, if all is shared alike.
 */
export function dealtTime(
  profile: StageProfile,
  microBatches: number,
  busy: number,
  dispatch: Dispatch,
): { readonly makespan: number; readonly exposed: number } {
  const dealt = dealtOf(profile);
  const gpus = profile.context.dims.dpShard;
  const all = microBatches * gpus;
  const perRound = roundOf(all, dealt.perRound);
  const rounds = all / perRound;
  const visits = visitsOf(dealt);
  const play = (count: number) =>
    playDispatched(visits, { gpus, microBatches: count, perRound, hop: 0 }).makespan;
  const computed = dispatch.flows ? Math.max(play(2 * all) - play(all), busy) : Math.max(play(all), busy);
  const { model, inputs } = roundBytes(profile, dealt, perRound);
  const { group, c } = profile.context;
  const copied = (bytes: Copied) => rounds * copySeconds(hostOf(group), each(bytes, gpus), gpus, c);
  const waited = dispatch.pinned ? 0 : (rounds * (model.up + model.down)) / c.pagedCopies;
  const beside = copied(
    dispatch.pinned ? { up: model.up + inputs.up, down: model.down + inputs.down } : inputs,
  );
  const exposed = waited + Math.max(0, beside - computed);
  return { makespan: computed + exposed, exposed };
}

/** Tells of each visit of a step, none of its copies: they lie beside the visits, or after all of them. */
export function visitDealt(profile: StageProfile, microBatches: number, visited: Visited): void {
  const dealt = dealtOf(profile);
  const gpus = profile.context.dims.dpShard;
  const perRound = roundOf(microBatches, dealt.perRound);
  playDispatched(visitsOf(dealt), { gpus, microBatches, perRound, hop: 0 }, visited);
}

function visitsOf(dealt: Dealt) {
  const { forward, backward } = dealt.stages;
  return {
    forward: forward.map((range) => sumOver(dealt, range, (part) => part.forward)),
    backward: backward.map((range, i) => ({
      before: sumOver(dealt, range, (part) => (i === 0 ? part.forward : part.recompute)),
      backward: sumOver(dealt, range, (part) => part.backward),
    })),
  };
}

/**
 * Bytes of all GPUs' copies in a round: weights go up for forward and again for backward, gradients come down once;
 * each micro-batch's input of a stage goes up and its output comes down, and in backward the gradient besides.
 */
function roundBytes(
  { boundaryBytes }: StageProfile,
  dealt: Dealt,
  perRound: number,
): Readonly<Record<'model' | 'inputs', Copied>> {
  const { forward, backward } = dealt.stages;
  const total = (ranges: typeof forward, of: Parameters<typeof sumOver>[2]) =>
    ranges.reduce((sum, range) => sum + sumOver(dealt, range, of), 0);
  const weights = total([...forward, ...backward], ({ weightBytes }) => weightBytes);
  const gradients = total(backward, ({ gradientBytes }) => gradientBytes);
  const each = perRound * boundaryBytes;
  return {
    model: { up: weights, down: gradients },
    inputs: {
      up: each * (forward.length + 2 * backward.length),
      down: each * (forward.length + backward.length),
    },
  };
}

interface Copied {
  readonly up: number;
  readonly down: number;
}

function each({ up, down }: Copied, gpus: number): Copied {
  return { up: up / gpus, down: down / gpus };
}
