import { memoryTerm } from '../domain/memory-term.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { latent } from '../layers/mixers/latent.ts';
import { noneOf } from './misread.ts';
import { sequenceParallel } from './sequence-parallel.ts';
import { type StageContext, technique } from './technique.ts';

/** Of Transformer Engine; of torch.compile. */
const KINDS = ['none', 'userbuffers', 'async'] as const;
type Kind = (typeof KINDS)[number];

/** As flags and people say it. */
const CALLED: Readonly<Record<string, Kind>> = {
  off: 'none',
  false: 'none',
  vanilla: 'none',
  on: 'userbuffers',
  true: 'userbuffers',
  ub: 'userbuffers',
  'tp-comm-overlap': 'userbuffers',
  'async-tp': 'async',
  async_tp: 'async',
};

const FLAG: Readonly<Record<Exclude<Kind, 'none'>, string>> = {
  userbuffers: '--stack megatron-core',
  async: '--stack torch-fsdp2-compiled',
};

/**
 * Buffers that initialize_ub registers, each of a micro-batch's whole sequences: four for ring exchange, two for pipelined
 * scatters, four for bulk ones, two for gathers beside weight gradients; eight of them, for gathers, are of 8 bits in fp8
 * (transformer_engine/pytorch/module/base.py@d0067d0).
 */
const BUFFERS = { gathered: 8, scattered: 4 } as const;

/**
 * Exchanges of tensor parallelism in pieces beside the multiplication that makes or reads them. Without it a stack hides what it
 * hides anyway: on Megatron Core one exchange of four, beside the weights' gradient.
 */
export const tensorOverlap = technique<Kind>({
  id: 'tp-overlap',
  aliases: ['tp-comm-overlap'],
  allowedAs: 'tp-overlap',
  off: 'none',
  schema: { enum: KINDS },
  affects: 'layer',
  barest: null,
  parse: (text) => KINDS.find((kind) => kind === text) ?? noneOf(KINDS, text, CALLED),
  format: String,
  name: 'tensor-parallel overlap',
  words: String,
  form: (kind) => (kind === 'none' ? null : kind),
  choices(problem, dims, asked) {
    if (asked !== undefined) return [asked];
    return KINDS.filter((kind) => broken(kind, problem, dims) === null);
  },
  outside: (kind, { stack }) =>
    kind === 'none' || stack.overlap[kind] !== undefined
      ? null
      : {
          ...no(`tp-overlap=${kind} on ${stack.id}`, 'a software stack that has it'),
          hint: `Maybe ${FLAG[kind]}.`,
        },
  reject: (kind, problem, dims, _, techniques) =>
    broken(kind, problem, dims) ?? (kind === 'none' ? null : withoutSequences(kind, techniques)),
  terms(kind, { live }, { problem: { model, workload }, local, dims }) {
    if (kind !== 'userbuffers' || dims.tp === 1) return [];
    const narrow = workload.precision === 'fp8' ? 1 : 2;
    const each = local.tokens * model.hiddenSize;
    const bytes = each * (BUFFERS.gathered * narrow + BUFFERS.scattered * 2);
    const layers = live.layers.map((row) => row.map(() => 0));
    return [memoryTerm({ part: 'communication buffers', layers, fixed: [bytes] })];
  },
});

/** Share of tensor parallelism's traffic that the multiplication beside it can hide. */
export function tensorHidden({ problem, techniques }: Pick<StageContext, 'problem' | 'techniques'>): number {
  const { overlap } = problem.stack;
  const kind = tensorOverlap.of(techniques);
  if (kind === 'none') return overlap.tensorParallel;
  const share = overlap[kind] ?? overlap.tensorParallel;
  return problem.workload.precision === 'fp8-rowwise' ? ROWWISE * share : share;
}

/**
 * Of what is hidden of operands with one scale a tensor, where each row has its own: torchtitan's published pairs gain 4 and 6 %
 * there, 9 and 10 % in bf16 (benchmarks/asyncTP_llama3_h100_2025-06_torchtitan.md of pytorch/torchtitan).
 */
const ROWWISE = 0.57;

function broken(
  kind: Kind,
  { model, cluster, stack, workload }: Problem,
  { tp }: ParallelDims,
): Reason | null {
  if (kind === 'none') return null;
  const what = `tp-overlap=${kind}`;
  if (stack.overlap[kind] === undefined) return no(`${what} on ${stack.id}`, 'a software stack that has it');
  if (tp === 1) return no(`${what} with tp=1`, 'tp of 2 or more');
  const short = cluster.groups.find(({ fastDomainGpus }) => fastDomainGpus < tp);
  if (short !== undefined)
    return no(
      `${what} with tp=${tp} on ${short.id}`,
      `GPUs that one scale-up domain joins: ${short.fastDomainGpus}`,
    );
  const bus = cluster.groups.find(
    ({ intraNode, gpu }) => !intraNode.id.startsWith('nvlink') || gpu.vendor !== 'nvidia',
  );
  if (bus !== undefined) return no(`${what} on ${bus.gpu.name} in ${bus.id}`, 'NVIDIA GPUs joined by NVLink');
  if (workload.precision === 'fp32' || workload.precision === 'tf32')
    return no(`${what} in ${workload.precision}`, 'bf16, fp16 or fp8');
  // Megatron turns it off at the first projection whose buffer has none of four names (core/extensions/transformer_engine.py@d98e8a6).
  return kind === 'userbuffers' && model.kinds.some(({ mixer }) => latent.is(mixer))
    ? no(`${what} with latent attention`, 'attention whose projections are named qkv and proj')
    : null;
}

function withoutSequences(kind: Kind, techniques: Techniques): Reason | null {
  return sequenceParallel.of(techniques) ? null : no(`tp-overlap=${kind} with sp=false`, 'sp=true');
}

function no(actual: string, limit: string): Reason {
  return { rule: 'tensor-overlap', actual, limit };
}
