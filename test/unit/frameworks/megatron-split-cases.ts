import {
  dense,
  FIRST,
  GOOD,
  LAST,
  LAYOUT,
  moe,
  one,
  PER_VIRTUAL,
  ROPE,
  type RuleCase,
  VIRTUAL,
} from './megatron-arguments.ts';

const HYBRID = {
  'hybrid-context-parallel': '',
  'context-parallel-size': '2',
  'max-seqlen-per-dp-cp-rank': '2048',
  'calculate-per-token-loss': '',
} as const;

const PATTERN = {
  'num-layers': null,
  'hybrid-layer-pattern': 'M-M-|M-*-|M-M-|M-*-',
} as const;

/** Degrees, batches, and how layers fall to pipeline ranks. */
export const SPLIT_CASES: readonly RuleCase[] = [
  ['world-size', GOOD.replace('--context-parallel-size 2', '--context-parallel-size 3'), GOOD],
  ['expert-grid', moe({ 'expert-tensor-parallel-size': '3' }), moe()],
  ['hybrid-pattern', dense({ ...PATTERN, 'hybrid-layer-pattern': 'M-X-' }), dense(PATTERN)],
  [
    'hybrid-pattern',
    dense({ ...PATTERN, 'hybrid-layer-pattern': 'M-|*D|M-|M-' }),
    dense({ ...PATTERN, 'hybrid-layer-pattern': 'M-M-M-*-/MM' }),
  ],
  [
    'hybrid-pattern',
    dense({ ...PATTERN, 'hybrid-layer-pattern': 'M-|M-|M-' }),
    dense({ 'num-layers': null, 'hybrid-override-pattern': PATTERN['hybrid-layer-pattern'] }),
  ],
  ['hybrid-pattern', dense({ ...PATTERN, 'hybrid-layer-pattern': 'M-M-*' }), dense(PATTERN)],
  ['hybrid-pattern-alone', dense({ ...PATTERN, [VIRTUAL]: '2' }), dense(PATTERN)],
  ['expert-grid', moe({ 'pipeline-model-parallel-size': '16' }), dense({ 'num-experts': '0' })],
  ['heads-divisible-by-tp', dense({ 'num-attention-heads': '33', 'kv-channels': '128' }), dense()],
  [
    'query-groups',
    GOOD.replace('--num-query-groups 8', '--num-query-groups 6'),
    GOOD.replace('--num-query-groups 8', '--num-query-groups 2'),
  ],
  [
    'hidden-divisible-by-heads',
    dense({ 'hidden-size': '4100' }),
    dense({ 'hidden-size': '4100', 'kv-channels': '128' }),
  ],
  ['experts-divisible-by-ep', moe({ 'num-experts': '6' }), moe({ 'num-experts': '16' })],
  ['sequence-divisible', GOOD.replace('--seq-length 8192', '--seq-length 8190'), GOOD],
  ['positions', dense({ 'max-position-embeddings': '2048' }), dense({ 'max-position-embeddings': '8192' })],
  ['batch-divisible', dense({ 'global-batch-size': '255' }), dense({ 'global-batch-size': '8' })],
  [
    'evaluation-batch-divisible',
    dense({ 'eval-global-batch-size': '7' }),
    dense({ 'eval-global-batch-size': '8' }),
  ],
  [
    'hierarchical-context',
    GOOD.replace('--bf16', '--bf16 --hierarchical-context-parallel-sizes 2 2'),
    GOOD.replace('--bf16', '--bf16 --hierarchical-context-parallel-sizes 2 1'),
  ],
  [
    'context-communication',
    dense({ 'cp-comm-type': 'a2a+p2p' }),
    dense({ 'cp-comm-type': 'a2a+p2p', 'hierarchical-context-parallel-sizes': '1 1' }),
  ],
  // Neither a pipeline, an FSDP, another loader, latent attention, nor without its length and a loss of each token.
  ...(
    [
      { 'pipeline-model-parallel-size': '2' },
      { 'dataloader-type': 'cyclic' },
      { 'multi-latent-attention': '' },
      { 'calculate-per-token-loss': null },
      { 'max-seqlen-per-dp-cp-rank': null },
    ] as const
  ).map((changed): RuleCase => ['hybrid-context-parallel', one({ ...HYBRID, ...changed }), one(HYBRID)]),
  [
    'layers-divisible-by-pp',
    dense({ 'num-layers': '33' }),
    dense({ 'num-layers': '31', 'account-for-loss-in-pipeline-split': '' }),
  ],
  ['first-last-layers', dense({ [FIRST]: '7' }), dense({ [FIRST]: '8', [LAST]: '6' })],
  // Megatron-LM parts the rest among the stages between: none of both, or some of both.
  [
    'first-last-layers',
    dense({ 'pipeline-model-parallel-size': '2', [FIRST]: '16', [LAST]: '15' }),
    dense({ 'pipeline-model-parallel-size': '2', [FIRST]: '17', [LAST]: '15' }),
  ],
  ['first-last-layers', dense({ [FIRST]: '20', [LAST]: '14' }), dense({ [FIRST]: '20', [LAST]: '10' })],
  [
    'first-last-alone',
    dense({ [FIRST]: '8', 'account-for-loss-in-pipeline-split': '' }),
    dense({ [FIRST]: '8' }),
  ],
  ['first-last-virtual', dense({ [FIRST]: '5', [VIRTUAL]: '2' }), dense({ [FIRST]: '8', [VIRTUAL]: '2' })],
  [
    'first-last-virtual',
    dense({ [FIRST]: '6', [LAST]: '4', [VIRTUAL]: '2' }),
    dense({ [FIRST]: '4', [LAST]: '4', [VIRTUAL]: '2' }),
  ],
  [
    'one-way-to-interleave',
    `${GOOD.replace('--bf16', '--bf16 --num-layers-per-virtual-pipeline-stage 4')}`,
    GOOD,
  ],
  ['virtual-stages-need-pp', one({ [VIRTUAL]: '2' }), one({ [VIRTUAL]: '1' })],
  ['virtual-layers', dense({ [PER_VIRTUAL]: '3' }), dense({ [PER_VIRTUAL]: '4' })],
  ['virtual-stages-divide', dense({ [VIRTUAL]: '3' }), dense({ [VIRTUAL]: '4' })],
  [
    'interleaved-micro-batches',
    dense({ [VIRTUAL]: '2', 'global-batch-size': '24' }),
    dense({ [VIRTUAL]: '1', 'global-batch-size': '24' }),
  ],
  ['layout', dense({ [LAYOUT]: '"Et*8|t*8|t*8|t*7L"' }), dense({ [LAYOUT]: '"Et*8|t*8|t*8|t*8L"' })],
  [
    'layout',
    dense({ [LAYOUT]: 'Et*8|t*8|t*8mt|t*7L', 'mtp-num-layers': '1', ...ROPE }),
    dense({ [LAYOUT]: 'Et*8|t*8|t*8|t*8mL', 'mtp-num-layers': '1', ...ROPE }),
  ],
  [
    'layout-alone',
    dense({ [LAYOUT]: 'Et*8|t*8|t*8|t*8L', 'account-for-loss-in-pipeline-split': '' }),
    dense({ [LAYOUT]: 'Et*9|t*8|t*8|t*7L' }),
  ],
  [
    'layout-predictors',
    dense({ [LAYOUT]: 'Et*8|t*8|t*8|t*8mL' }),
    dense({ [LAYOUT]: 'Et*8|t*8|t*8|t*8L', 'mtp-num-layers': '0' }),
  ],
  // Not on the first pipeline rank.
  [
    'layout-predictors',
    dense({ 'pipeline-model-parallel-size': '2', [LAYOUT]: 'Et*32m|L', 'mtp-num-layers': '1', ...ROPE }),
    dense({ 'pipeline-model-parallel-size': '2', [LAYOUT]: 'Et*31|tmL', 'mtp-num-layers': '1', ...ROPE }),
  ],
];
