import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { copyRate, hostOf } from '../../hardware/host.ts';
import { networkRate } from '../../hardware/network-share.ts';
import { type Span, spanAcross } from '../../hardware/span.ts';
import { holdingsOf, outerOf } from '../../techniques/index.ts';
import type { OuterSync } from '../../techniques/outer-sync.ts';
import { ownedByStage } from '../memory/owned-by-stage.ts';
import type { BlockRun, StageRun } from './stage-run.ts';

/** One synchronisation of islands, all fragments of it. */
export interface OuterTime {
  /** On the network. */
  readonly seconds: number;
  /** That an island sends. */
  readonly bytes: number;
  /** In the open, of each step. */
  readonly perStep: number;
}

/**
 * Parameters at the last synchronisation, which torchft keeps in the host's memory (docs.pytorch.org/torchft/local_sgd.html): up for what has
 * changed since, and down again as they are now. Bytes of one in fp32, each way.
 */
const COPIED = 4;

/**
 * Every `steps` steps all islands average what they changed (DiLoCo, arXiv 2311.08105; in fragments and behind later steps, Streaming DiLoCo,
 * arXiv 2501.18512). Between them it goes round a ring, 2(R − 1)/R of the bytes (nccl-tests doc/PERFORMANCE.md, AllReduce), or each sends all others its own; every rank exchanges what it updates, all ranks of an island beside each other. What outlasts `delay`
 * steps of `stepSeconds` is waited for, and so is what comes from the host and goes back; null: nothing is.
 */
export function outerTime(
  problem: Problem,
  { techniques }: Pick<Plan, 'techniques'>,
  islands: readonly (readonly StageRun[])[],
  stepSeconds: number,
): OuterTime | null {
  const outer = outerOf(techniques);
  if (outer === null || islands.length === 1) return null;
  const { steps, fragments, delay } = outer;
  let [seconds, bytes, copies] = [0, 0, 0];
  for (const island of islands) {
    const updated = Math.max(...island.flatMap((stage) => stage.blocks.map((one) => updatedBy(stage, one))));
    const ranks = ranksOf(island);
    const sent = sentBytes(outer, islands.length, updated / fragments);
    bytes = Math.max(bytes, sent * fragments * ranks);
    for (const span of spansOf(problem, islands, ranks))
      seconds = Math.max(seconds, secondsOf(outer, span, sent, island[0]!.blocks[0]!));
    for (const { profile } of island.flatMap(({ blocks }) => blocks)) {
      const { group, c } = profile.context;
      copies = Math.max(copies, (2 * COPIED * updated) / copyRate(hostOf(group), c));
    }
  }
  const exposed = Math.max(0, seconds - delay * stepSeconds);
  return { seconds: fragments * seconds, bytes, perStep: (fragments * exposed + copies) / steps };
}

/** Bytes that a rank sends of so many parameters; of `to-all` that it is sent, which are as many or more. */
function sentBytes({ exchange, bytes }: OuterSync, islands: number, parameters: number): number {
  const times = exchange === 'ring' ? (2 * (islands - 1)) / islands : islands - 1;
  return times * bytes * parameters;
}

/** A fragment's: the start of each hop, and the bytes. */
function secondsOf({ exchange }: OuterSync, span: Span, bytes: number, { profile }: BlockRun): number {
  const { c } = profile.context;
  const hops = exchange === 'ring' ? 2 * (span.size - 1) : 1;
  return (
    hops * (span.network.latency + span.extraLatency) +
    bytes / networkRate(span.share, c.networkDerating, bytes)
  );
}

/** Parameters whose states a GPU keeps, wherever they lie. */
function updatedBy(stage: StageRun, { profile, content }: BlockRun): number {
  const { trained } = ownedByStage(profile, content, stage.ends);
  return holdingsOf(profile.context).reduce(
    (sum, { state, of, share, staging }) =>
      state === 'optimizer states' && staging !== true ? sum + share * trained[of] : sum,
    0,
  );
}

function ranksOf(island: readonly StageRun[]): number {
  const blocks = island.flatMap((stage) => stage.blocks);
  return blocks.reduce(
    (sum, { block, profile }) => sum + block.count * block.tp * profile.context.dims.cp,
    0,
  );
}

/** The way between islands, with so many ranks of each on it at once: once for each row of node groups that the stages stand on. */
function spansOf({ cluster }: Problem, islands: readonly (readonly StageRun[])[], ranks: number): Span[] {
  const groups = islands.map((island) =>
    island.flatMap(({ blocks }) => blocks.map(({ block }) => block.group)),
  );
  const depth = Math.max(...groups.map((own) => own.length));
  const rows = Array.from({ length: depth }, (_, s) =>
    groups.map((own) => own[Math.min(s, own.length - 1)]!),
  );
  const distinct = new Map(rows.map((row) => [row.join(), row]));
  return [...distinct.values()].map((row) => spanAcross(cluster, row, ranks));
}
