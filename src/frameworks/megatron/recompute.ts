import { InputError } from '../../domain/input-error.ts';
import type { Recompute } from '../../techniques/recompute.ts';
import { cutOf, virtualStagesOf } from './cut.ts';
import { type MegatronRun, sizesOf } from './run.ts';

/** What `--recompute-modules` may name (megatron/core/transformer/transformer_config.py@002526d). */
export const MODULES: ReadonlySet<string> = new Set([
  'core_attn',
  'moe_act',
  'layernorm',
  'mla_up_proj',
  'mlp',
  'moe',
  'shared_experts',
  'mhc',
  'gdn',
  'gdn_norm_out',
]);

/** Primus's numbers of the layers that full recomputation covers (its `validate_specified_recompute_layers`). */
export const LAYER_IDS = '--recompute-layer-ids';

/** `depth`: layers of Megatron's that a planned layer is. */
export function recomputeArguments(
  { mode, modules, layersPerStage }: Recompute,
  depth = 1,
): (string | number)[] {
  if (mode === 'none') return [];
  if (mode === 'selective')
    return ['--recompute-granularity', 'selective', '--recompute-modules', ...modules];
  const [method, layers] = layersPerStage === null ? ['uniform', depth] : ['block', layersPerStage];
  return ['--recompute-granularity', 'full', '--recompute-method', method, '--recompute-num-layers', layers];
}

/** `--recompute-activations` is an older word for selective, and `--moe-layer-recompute` for its module moe. */
export function granularityOf(run: MegatronRun): string | null {
  if (run.has('--recompute-activations')) return 'selective';
  return run.word('--recompute-granularity') ?? (run.has('--moe-layer-recompute') ? 'selective' : null);
}

/** The modules of selective recomputation; none without it. */
export function modulesOf(run: MegatronRun): readonly string[] {
  if (granularityOf(run) !== 'selective') return [];
  const said = run.flags.get('--recompute-modules')?.values ?? [];
  const modules = said.length > 0 ? said : ['core_attn'];
  return run.has('--moe-layer-recompute') && !modules.includes('moe') ? [...modules, 'moe'] : modules;
}

/** The run's recomputation as `--config` writes it. Throws InputError where its stages recompute unlike numbers of layers. */
export function recomputeOf(run: MegatronRun): Record<string, string> {
  const granularity = granularityOf(run);
  if (granularity === 'selective') return { recompute: modulesOf(run).join('+') };
  if (granularity !== 'full') return { recompute: 'none' };
  const layers = layersPerStage(run);
  return { recompute: layers === null ? 'full' : `full:${layers}` };
}

/**
 * Layers of each stage that full recomputation covers; null: all. `--recompute-num-layers` of the method block counts in
 * each chunk of a rank, since each is a transformer block of its own (megatron/core/transformer/transformer_block.py).
 */
function layersPerStage(run: MegatronRun): number | null {
  const ids = run.flags.get(LAYER_IDS)?.values;
  const each = run.word('--recompute-method') === 'block' ? run.count('--recompute-num-layers') : null;
  if (ids === undefined && each === null) return null;
  const chunks = chunksOf(run);
  if (chunks === null) {
    if (each !== null) return each * (virtualStagesOf(run) ?? 1);
    throw unlike(run, LAYER_IDS, 'without the number of layers', 'num_layers in the file');
  }
  const covered = ids === undefined ? chunks.map((count) => Math.min(count, each!)) : idsIn(chunks, ids);
  if (covered.every((count, i) => count === chunks[i])) return null;
  const { pp } = sizesOf(run, null);
  const [recomputed, all] = [perStage(covered, pp), perStage(chunks, pp)];
  const most = Math.max(...recomputed);
  if (recomputed.every((count, stage) => count === Math.min(most, all[stage]!))) return most;
  const name = ids === undefined ? '--recompute-num-layers' : LAYER_IDS;
  throw unlike(run, name, `covers ${recomputed.join('/')} layers of the stages`, 'as many of each stage');
}

/** Chunk i lies on pipeline rank i mod pp. */
function perStage(chunks: readonly number[], pp: number): number[] {
  return Array.from({ length: pp }, (_, stage) =>
    chunks.reduce((sum, count, i) => sum + (i % pp === stage ? count : 0), 0),
  );
}

/** Layers of each chunk in layer order; null where the file does not say how many there are. */
function chunksOf(run: MegatronRun): readonly number[] | null {
  const layers = run.count('--num-layers');
  const chunks = sizesOf(run, null).pp * (virtualStagesOf(run) ?? 1);
  return cutOf(run) ?? (layers === null ? null : new Array<number>(chunks).fill(layers / chunks));
}

function idsIn(chunks: readonly number[], ids: readonly string[]): number[] {
  const all = new Set(ids.map(Number));
  let end = 0;
  return chunks.map((count) => {
    end += count;
    return [...all].filter((id) => id >= end - count && id < end).length;
  });
}

function unlike(run: MegatronRun, flag: string, message: string, expected: string): InputError {
  return new InputError({
    message: `${flag} ${message}`,
    expected,
    at: { file: run.file, line: run.line(flag) },
  });
}
