import { InputError } from '../../domain/input-error.ts';
import { hybridSegments } from './hybrid-pattern.ts';
import { layoutChunks, layoutStages } from './layout.ts';
import { type MegatronRun, sizesOf } from './run.ts';

export const FIRST = '--decoder-first-pipeline-num-layers';
export const LAST = '--decoder-last-pipeline-num-layers';
export const ACCOUNT_FLAGS = [
  '--account-for-embedding-in-pipeline-split',
  '--account-for-loss-in-pipeline-split',
] as const;
const LAYOUT = '--pipeline-model-parallel-layout';

/** Layers, and the ends that count as layers in the split over pipeline ranks; null: not said. */
export function accountedLayers(run: MegatronRun): number | null {
  const layers = run.count('--num-layers');
  return layers === null ? null : layers + ACCOUNT_FLAGS.filter((flag) => run.has(flag)).length;
}

/** Chunks of each pipeline rank, whichever way they are asked for; null: it takes the layers, and they are not said. */
export function virtualStagesOf(run: MegatronRun): number | null {
  const { pp } = sizesOf(run, null);
  const layout = run.word(LAYOUT);
  if (layout !== null) return Math.max(1, Math.floor(layoutStages(layout).length / pp));
  const segments = hybridSegments(run);
  if (segments !== null) return Math.max(1, Math.floor(segments.length / pp));
  const stages = run.count('--num-virtual-stages-per-pipeline-rank');
  const each = run.count('--num-layers-per-virtual-pipeline-stage');
  if (stages !== null || each === null) return stages ?? 1;
  const layers = accountedLayers(run);
  return layers === null ? null : Math.max(1, layers / pp / each);
}

export function isInterleaved(run: MegatronRun): boolean {
  return (virtualStagesOf(run) ?? 2) > 1;
}

/**
 * Layers of each chunk in layer order where they are not all alike; null: alike, or not said. Throws InputError where
 * the flags cut no whole layers.
 */
export function cutOf(run: MegatronRun): number[] | null {
  const { pp } = sizesOf(run, null);
  const layout = run.word(LAYOUT);
  if (layout !== null) {
    const chunks = layoutChunks(layout);
    if (chunks.length % pp === 0) return chunks;
    throw cannotCut(run, LAYOUT, `${chunks.length} stages`, `a multiple of pp ${pp}`);
  }
  const layers = run.count('--num-layers');
  if (layers === null) return null;
  const virtual = virtualStagesOf(run) ?? 1;
  if (run.has(FIRST) || run.has(LAST)) return withEnds(run, layers, pp, virtual);
  if (!ACCOUNT_FLAGS.some((flag) => run.has(flag))) return null;
  const each = accountedLayers(run)! / (pp * virtual);
  const chunks = new Array<number>(pp * virtual).fill(each);
  if (run.has(ACCOUNT_FLAGS[0])) chunks[0]! -= 1;
  if (run.has(ACCOUNT_FLAGS[1])) chunks[chunks.length - 1]! -= 1;
  return whole(chunks, 0) ? chunks : null;
}

/** Counts of the first and the last rank, the rest alike; each rank parts its layers evenly over its chunks. */
function withEnds(run: MegatronRun, layers: number, pp: number, virtual: number): number[] {
  const [first, last] = [run.count(FIRST), run.count(LAST)];
  const between = pp - (first === null ? 0 : 1) - (last === null ? 0 : 1);
  const rest = layers - (first ?? 0) - (last ?? 0);
  const ranks = [
    ...(first === null ? [] : [first]),
    ...new Array<number>(Math.max(0, between)).fill(rest / between),
    ...(last === null ? [] : [last]),
  ];
  const chunks = Array.from({ length: virtual }, () => ranks.map((count) => count / virtual)).flat();
  if (ranks.length === pp && whole(chunks) && (between > 0 || rest === 0)) return chunks;
  throw cannotCut(
    run,
    run.has(FIRST) ? FIRST : LAST,
    `${rest} layers for ${between} stages between`,
    'whole layers',
  );
}

const whole = (chunks: readonly number[], least = 1) =>
  chunks.every((count) => Number.isInteger(count) && count >= least);

function cannotCut(run: MegatronRun, flag: string, message: string, expected: string): InputError {
  return new InputError({
    message: `${flag}: ${message}`,
    expected,
    at: { file: run.file, line: run.line(flag) },
  });
}
