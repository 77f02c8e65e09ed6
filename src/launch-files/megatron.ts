import { InputError } from '../domain/input-error.ts';
import { type Flag, flagsOf } from './flags.ts';

/** What a Megatron-LM command line asks for, in numbers; null: not said. */
export interface MegatronRun {
  readonly file: string;
  readonly flags: ReadonlyMap<string, Flag>;
  count(name: string): number | null;
  has(name: string): boolean;
  word(name: string): string | null;
  line(name: string): number;
}

export function readMegatron(text: string, file: string): MegatronRun {
  if (text.includes('\u0000'))
    throw new InputError({ message: `${file} is a binary file`, expected: 'a text file of arguments' });
  const flags = flagsOf(text, file);
  const word = (name: string) => flags.get(name)?.values[0] ?? null;
  return {
    file,
    flags,
    word,
    has: (name) => flags.has(name),
    line: (name) => flags.get(name)?.line ?? 1,
    count(name) {
      const flag = flags.get(name);
      if (flag === undefined) return null;
      const [value] = flag.values;
      if (value !== undefined && /^\d+$/.test(value) && Number(value) > 0) return Number(value);
      throw new InputError({
        message: `${name} is ${value === undefined ? 'without a value' : `"${value}"`}`,
        expected: 'a whole number above zero',
        ...(value?.startsWith('$') ? { hint: 'Maybe give the variable its value in the file.' } : {}),
        at: { file, line: flag.line },
      });
    },
  };
}

/** The degrees as `--config` writes them, and the workload; what the file does not say is left out. */
export interface FromFile {
  readonly configuration: Readonly<Record<string, string>>;
  readonly sequenceLength: number | null;
  readonly globalBatchSize: number | null;
  readonly precision: string | null;
}

export function configurationOf(run: MegatronRun): FromFile {
  const found: Record<string, string> = {};
  const take = (key: string, flag: string) => {
    const value = run.count(flag);
    if (value !== null) found[key] = String(value);
  };
  take('tp', '--tensor-model-parallel-size');
  take('pp', '--pipeline-model-parallel-size');
  take('cp', '--context-parallel-size');
  take('ep', '--expert-model-parallel-size');
  take('micro-batch', '--micro-batch-size');
  if (run.count('--num-experts') !== null) {
    // Megatron's default expert tensor parallelism is the tensor parallelism itself.
    found.etp = String(run.count('--expert-tensor-parallel-size') ?? found.tp ?? 1);
  }
  const pp = Number(found.pp ?? 1);
  const layers = run.count('--num-layers');
  const perVirtual = run.count('--num-layers-per-virtual-pipeline-stage');
  take('vpp', '--num-virtual-stages-per-pipeline-rank');
  if (perVirtual !== null && layers !== null) found.vpp = String(Math.max(1, layers / pp / perVirtual));
  const layout = run.word('--pipeline-model-parallel-layout');
  if (layout !== null) Object.assign(found, layoutOf(layout, pp, run));
  const cut = layout === null && layers !== null ? ends(run, layers, pp) : null;
  if (cut !== null) found.layers = cut.join('/');
  Object.assign(found, recomputeOf(run));
  found.sharding = String(shardingOf(run));
  if (Number(found.tp ?? 1) > 1) found.sp = String(run.has('--sequence-parallel'));
  return {
    configuration: found,
    sequenceLength: run.count('--seq-length'),
    globalBatchSize: run.count('--global-batch-size'),
    precision: precisionOf(run),
  };
}

function precisionOf(run: MegatronRun): string | null {
  if (run.has('--fp4-format')) return 'nvfp4';
  if (run.has('--fp8-format')) return run.word('--fp8-recipe') === 'mxfp8' ? 'mxfp8' : 'fp8';
  if (run.has('--bf16')) return 'bf16';
  return run.has('--fp16') ? 'fp16' : null;
}

function shardingOf(run: MegatronRun): number {
  if (run.has('--use-megatron-fsdp'))
    return (
      { optim: 1, optim_grads: 2, optim_grads_params: 3 }[
        run.word('--data-parallel-sharding-strategy') ?? ''
      ] ?? 0
    );
  return run.has('--use-distributed-optimizer') ? 1 : 0;
}

function recomputeOf(run: MegatronRun): Record<string, string> {
  const granularity = run.word('--recompute-granularity');
  if (granularity === 'full') {
    const block = run.word('--recompute-method') === 'block';
    const n = run.count('--recompute-num-layers');
    return { recompute: 'full', ...(block && n !== null ? { 'recompute-layers': String(n) } : {}) };
  }
  if (granularity !== 'selective') return { recompute: 'none' };
  const modules = run.flags.get('--recompute-modules')?.values ?? [];
  return { recompute: modules.length > 0 ? modules.join('+') : 'core_attn' };
}

function ends(run: MegatronRun, layers: number, pp: number): number[] | null {
  const first = run.count('--decoder-first-pipeline-num-layers');
  const last = run.count('--decoder-last-pipeline-num-layers');
  if (first === null && last === null) return null;
  const free = pp - (first === null ? 0 : 1) - (last === null ? 0 : 1);
  const rest = (layers - (first ?? 0) - (last ?? 0)) / free;
  return [
    ...(first === null ? [] : [first]),
    ...new Array<number>(free).fill(rest),
    ...(last === null ? [] : [last]),
  ];
}

/** Layers of each chunk of `Et*12|t*12|…L`; groups in brackets repeat. */
export function layoutChunks(layout: string): number[] {
  let text = layout.replaceAll(/['",\s]/g, '');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/\(([^()]*)\)\*(\d+)/, (_, group: string, n: string) => group.repeat(Number(n)));
  }
  text = text.replaceAll(/([EtmL])\*(\d+)/g, (_, one: string, n: string) => one.repeat(Number(n)));
  return text.split('|').map((stage) => [...stage].filter((one) => one === 't').length);
}

function layoutOf(layout: string, pp: number, run: MegatronRun): Record<string, string> {
  const chunks = layoutChunks(layout);
  if (chunks.length % pp !== 0) {
    throw new InputError({
      message: `--pipeline-model-parallel-layout has ${chunks.length} stages`,
      expected: `a multiple of --pipeline-model-parallel-size ${pp}`,
      at: { file: run.file, line: run.line('--pipeline-model-parallel-layout') },
    });
  }
  return { vpp: String(chunks.length / pp), layers: chunks.join('/') };
}
