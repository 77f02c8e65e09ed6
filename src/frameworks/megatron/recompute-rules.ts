import { bad } from '../reading/file-rule.ts';
import { notAmong } from '../reading/known-values.ts';
import { granularityOf, LAYER_IDS, MODULES, modulesOf } from './recompute.ts';
import type { MegatronRule } from './run.ts';

/** What recomputation and offloading ask for (arguments.py@000c4ac, transformer_config.py@002526d). */
export const RECOMPUTE_RULES: readonly MegatronRule[] = [
  {
    rule: 'recompute-selective',
    at: '--recompute-granularity',
    check: (run) =>
      granularityOf(run) === 'selective' &&
      (run.has('--recompute-method') || run.has('--recompute-num-layers'))
        ? bad(
            'selective recomputation with a method or a number of layers',
            '--recompute-modules alone',
            'Drop --recompute-method and --recompute-num-layers.',
          )
        : null,
  },
  {
    rule: 'recompute-full',
    at: '--recompute-granularity',
    check: (run) => {
      // Two that say by themselves which layers are meant: Primus's list, and the overlap that takes whole chunks.
      const otherwise = run.has(LAYER_IDS) || run.has('--overlap-moe-expert-parallel-comm');
      return granularityOf(run) === 'full' &&
        !otherwise &&
        !(run.has('--recompute-method') && run.has('--recompute-num-layers'))
        ? bad(
            'full recomputation',
            '--recompute-method and --recompute-num-layers',
            'Add --recompute-method uniform --recompute-num-layers 1.',
          )
        : null;
    },
  },
  {
    rule: 'recompute-moe-layer',
    at: '--moe-layer-recompute',
    check: (run) =>
      run.has('--moe-layer-recompute') && granularityOf(run) === 'full'
        ? bad('--moe-layer-recompute', 'not with full recomputation', 'Drop --moe-layer-recompute.')
        : null,
  },
  {
    rule: 'known-modules',
    at: '--recompute-modules',
    unreadable: true,
    check: (run) => {
      const odd = modulesOf(run).find((name) => !MODULES.has(name) && !/[$`]/.test(name));
      return odd === undefined ? null : notAmong(`--recompute-modules ${odd}`, odd, [...MODULES]);
    },
  },
  {
    rule: 'recompute-modules',
    at: '--recompute-modules',
    check: (run) => {
      const modules = modulesOf(run);
      const needs = (name: string, met: boolean, limit: string) =>
        modules.includes(name) && !met ? bad(`module ${name}`, limit, `Drop ${name}.`) : null;
      const overlap = run.has('--moe-shared-expert-overlap');
      return (
        needs('moe_act', run.has('--moe-grouped-gemm'), '--moe-grouped-gemm') ??
        needs('mla_up_proj', run.has('--multi-latent-attention'), '--multi-latent-attention') ??
        needs('shared_experts', !overlap, 'not with --moe-shared-expert-overlap')
      );
    },
  },
  {
    rule: 'saved-activations',
    at: '--distribute-saved-activations',
    check: (run, { tp }) => {
      if (!run.has('--distribute-saved-activations')) return null;
      const wrong = [
        ...(run.has('--sequence-parallel') ? ['--sequence-parallel'] : []),
        ...(tp > 1 ? [] : ['tp 1']),
        ...(granularityOf(run) === 'full' && run.has('--recompute-method') ? [] : ['no full recomputation']),
      ];
      return wrong.length === 0
        ? null
        : bad(
            `--distribute-saved-activations with ${wrong.join(', ')}`,
            'tp above 1, full recomputation, no --sequence-parallel',
            'Drop --distribute-saved-activations.',
          );
    },
  },
  {
    rule: 'cpu-offload',
    at: '--cpu-offloading-num-layers',
    check: (run, { pp }) => {
      const [offloaded, layers] = [
        run.count('--cpu-offloading-num-layers', 0) ?? 0,
        run.count('--num-layers'),
      ];
      if (offloaded === 0) return null;
      const wrong = [
        ...(pp > 1 ? [`pp ${pp}`] : []),
        ...(granularityOf(run) === null ? [] : ['recomputation']),
        ...(layers !== null && offloaded >= layers ? [`all ${layers} layers`] : []),
      ];
      return wrong.length === 0
        ? null
        : bad(
            `CPU offloading with ${wrong.join(', ')}`,
            'pp 1, no recomputation, fewer layers than there are',
            'Drop --cpu-offloading-num-layers.',
          );
    },
  },
];
