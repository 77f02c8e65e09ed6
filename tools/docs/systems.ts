import type { Scored } from '../../src/accuracy/score.ts';
import { FRAMEWORKS } from '../../src/frameworks/index.ts';
import { scheduleOf } from '../../src/schedules/index.ts';
import { TECHNIQUES } from '../../src/techniques/index.ts';

/** A system of the literature: what says it here, and which frameworks run what says it. */
interface System {
  readonly name: string;
  readonly said: string;
  readonly source: string;
  readonly runs: readonly string[];
  readonly price: string;
}

const runningTechnique = (id: string, form: string | null) =>
  FRAMEWORKS.filter(
    ({ express: { techniques } }) =>
      techniques.includes(id) && (form === null || techniques.includes(`${id}:${form}`)),
  ).map(({ name }) => name);
const runningSchedule = (id: string) =>
  FRAMEWORKS.filter(({ express }) => express.schedules.includes(id)).map(({ name }) => name);

function technique(name: string, id: string, value: string, source: string): System {
  const one = TECHNIQUES.find((other) => other.id === id)!;
  const read = one.parse(value);
  const price = one.price?.(read) ?? [];
  return {
    name,
    said: `\`${id}=${value}\``,
    source,
    runs: runningTechnique(id, one.form?.(read) ?? null),
    price: priceWords(price),
  };
}

function schedule(id: string, also = '', optimizer = 'adamw'): System {
  const { name, source, price } = scheduleOf(id);
  const prices = price?.({ optimizer, recomputes: false }) ?? [];
  return {
    name,
    said: `\`schedule=${id}${also}\``,
    source,
    runs: runningSchedule(id),
    price: priceWords(prices),
  };
}

/** Without the word that a configuration says it by, which stands in a column of its own. */
function priceWords(prices: readonly string[]): string {
  return prices.length === 0 ? 'none' : prices.map((text) => text.replace(/^\S+: /, '')).join('; ');
}

const SYSTEMS: readonly System[] = [
  technique('RoundPipe, asynchronous', 'dispatch', 'async', 'arXiv 2604.27085'),
  technique('RoundPipe, synchronous', 'dispatch', 'sync', 'arXiv 2604.27085'),
  technique('ZeRO-Offload', 'offload-optimizer', '1', 'arXiv 2101.06840'),
  technique('Deep Optimizer States', 'offload-optimizer', '1:stride2', 'arXiv 2410.21316'),
  technique('ZeRO-Infinity, FSDP offload', 'offload-parameters', 'host', 'arXiv 2104.07857'),
  technique('Superpipeline', 'offload-parameters', 'host:4', 'arXiv 2410.08791'),
  {
    name: 'SkipPipe',
    said: '`shardwright skip`',
    source: 'arXiv 2502.19913',
    runs: ["SkipPipe's trainers"],
    price: 'each micro-batch trains only a part of the model',
  },
  technique(
    "Transformer Engine's userbuffers",
    'tp-overlap',
    'userbuffers',
    'NVIDIA/TransformerEngine@d0067d0',
  ),
  technique('Async tensor parallelism', 'tp-overlap', 'async', 'pytorch/torchtitan@b5bcd76'),
  technique('Ladder residual', 'architecture', 'ladder', 'arXiv 2501.06589'),
  {
    ...technique(
      'Tutel, adaptive parallelism',
      'expert-switching',
      'switch',
      'arXiv 2206.03382; microsoft/tutel@82af7aa',
    ),
    runs: ["its authors' library"],
  },
  {
    ...technique(
      'Tutel, 2DH all-to-all',
      'expert-exchange',
      '2dh',
      'arXiv 2206.03382, appendix A; microsoft/tutel@82af7aa',
    ),
    runs: ["its authors' library"],
  },
  {
    name: 'Least-Loaded EP',
    said: '`shardwright experts`',
    source: 'arXiv 2601.17111',
    runs: ["its authors' library"],
    price: 'none',
  },
  {
    name: 'ExFlow placement',
    said: '`shardwright experts --place affinity`',
    source: 'arXiv 2401.08383',
    runs: ['its scripts, for inference'],
    price: 'none',
  },
  schedule('2bw'),
  schedule('2bw-ef', '', 'muon'),
  schedule('paci'),
  technique('DiLoCo', 'local-steps', '100', 'arXiv 2311.08105; pytorch/torchft@73dafea'),
  technique(
    'Streaming DiLoCo',
    'local-steps',
    '100:fragments4:delay5',
    'arXiv 2501.18512; pytorch/torchft@73dafea',
  ),
  technique('SparseLoCo', 'local-steps', '30:sparse', 'arXiv 2508.15706; arXiv 2603.08163'),
  technique('Subspace boundaries', 'boundary-compression', '8', 'arXiv 2506.01260; arXiv 2601.02360'),
  {
    name: 'Failures, checkpoints, spares',
    said: '`--mtbf`',
    source: 'Young 1974; Daly 2006; arXiv 2407.21783',
    runs: ['every framework here'],
    price: 'none',
  },
  {
    name: 'ElasWave, ReCycle, Oobleck, torchft',
    said: '`shardwright replan`',
    source: 'arXiv 2510.00606; arXiv 2405.14009; arXiv 2309.08125',
    runs: ['whoever runs the new plan'],
    price: 'none, but for copies left out: a smaller batch until they are back',
  },
  {
    name: 'Frontier, full-stack AMD',
    said: 'clusters of `mi250x-gcd`, `mi300x`, `mi325x`, `mi350x`, `mi355x`',
    source: 'arXiv 2312.12705; arXiv 2511.17127',
    runs: ['every framework here, Primus for one'],
    price: 'none',
  },
  {
    name: 'GPipe and GNNPipe, any list of layers',
    said: '`given` layers of a model file',
    source: 'arXiv 1811.06965; arXiv 2308.10087',
    runs: FRAMEWORKS.filter(({ express }) => express.layers.includes('given')).map(({ name }) => name),
    price: 'none',
  },
  schedule('dualpipe', ',vpp=2'),
  schedule('dualpipe-v', ',vpp=2'),
];

const MODELS = [
  ['qwen3-1.7b', 'Qwen3-1.7B'],
  ['llama3.1-8b', 'Llama-3.1-8B'],
  ['gpt-oss-20b', 'gpt-oss-20B'],
  ['qwen3-32b', 'Qwen3-32B'],
] as const;
const RUNS = [
  ['roundpipe', 'RoundPipe, asynchronous'],
  ['roundpipe-sync', 'RoundPipe, synchronous'],
  ['megatron-pp', 'Megatron-LM, 8 stages'],
  ['fsdp', 'FSDP'],
  ['zero2', 'DeepSpeed ZeRO-2'],
  ['zero-inf', 'DeepSpeed ZeRO-Infinity'],
  ['megatron-tp', 'Megatron-LM, 8 tensor-parallel ranks'],
] as const;

/** Published and predicted tokens/s of one run; where it ran out of memory, that. */
function cell(scored: readonly Scored[], system: string, model: string): string {
  const id = `roundpipe-art-4090-${system}-${model}`;
  const one = scored.find((other) => other.id === id || other.id === `${id}-oom`);
  if (one === undefined) return '';
  const { sequenceLength, config, measured } = one.row;
  const tokens = (sequenceLength ?? 0) * (config.globalBatch ?? 0);
  const speed = (seconds: number | null | undefined) =>
    seconds ? Math.round(tokens / seconds).toLocaleString('en-US') : 'OOM';
  const fits = one.verdict !== 'does-not-fit';
  const predicted = speed(fits || measured.stepSeconds ? one.predictedStepSeconds : null);
  return `${speed(measured.stepSeconds)} / ${predicted}${fits || !measured.stepSeconds ? '' : ' (refused: host memory)'}`;
}

/** Systems with who runs them and what they cost, and those for one host of consumer GPUs side by side. */
export function systemTables(scored: readonly Scored[]): string {
  const rows = SYSTEMS.map(
    ({ name, said, source, runs, price }) =>
      `| ${name} | ${said} | ${runs.join(', ') || 'no framework here'} | ${price} | ${source} |`,
  );
  const runs = RUNS.map(
    ([id, name]) => `| ${name} | ${MODELS.map(([model]) => cell(scored, id, model)).join(' | ')} |`,
  );
  return `| system | said by | run by | price in convergence | from |
|---|---|---|---|---|
${rows.join('\n')}

Tokens/s on one host of 8 RTX 4090, sequences of 2,048, fp16, published / predicted (ITcarrot/RoundPipe-artifact@e44270a; Mobius, of the
same table, is not modelled):

| system | ${MODELS.map(([, name]) => name).join(' | ')} |
|---|${MODELS.map(() => '---:').join('|')}|
${runs.join('\n')}
`;
}
