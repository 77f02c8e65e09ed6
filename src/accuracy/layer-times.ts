import { loadGpu } from '../catalogue/gpus.ts';
import { loadLink } from '../catalogue/links.ts';
import { loadStack } from '../catalogue/stacks.ts';
import type { Cluster } from '../domain/cluster.ts';
import type { GpuSpec } from '../domain/gpu.ts';
import type { Problem } from '../domain/problem.ts';
import { stageProfile } from '../evaluate/stage-profile.ts';
import { seconds } from '../evaluate/time/pass-time.ts';
import { coefficients } from '../hardware/coefficients.ts';
import { livesOnSlot } from '../hardware/power.ts';
import { streamSeconds } from '../hardware/stream.ts';
import { denseMlp } from '../layers/ffn/dense.ts';
import { softmaxAttention } from '../layers/mixers/softmax.ts';

/** Kernel times of one transformer layer on one GPU, as published: milliseconds of forward and backward by batch. */
export interface LayerTimes {
  readonly id: string;
  readonly source: string;
  readonly gpu: string;
  readonly precision: 'fp16' | 'fp32';
  readonly model: {
    readonly name: string;
    readonly hidden: number;
    readonly heads: number;
    readonly ffnHidden: number;
    /** `llama`: RMS norms, rotary, gated; `decoder`: masked scores, GELU by parts; `encoder`: neither. */
    readonly kind: 'llama' | 'decoder' | 'encoder';
  };
  readonly tokens: number;
  readonly attention: 'fused' | 'unfused';
  /** Only the straight line through the measured times is published. */
  readonly fitted: boolean;
  readonly points: readonly (readonly [batch: number, forwardMs: number, backwardMs: number])[];
}

/** Milliseconds of one layer's kernels, as the evaluator has them on a GPU that rests between passes. */
export function predicted(row: LayerTimes, batch: number, gpu = loadGpu(row.gpu)) {
  const fast = atPace(row, batch, { ...gpu, sustainedSlowdown: 1 });
  if (!livesOnSlot(gpu)) return fast;
  const lasting = atPace(row, batch, gpu);
  return {
    forward: afterRest(fast.forward, lasting.forward),
    backward: afterRest(fast.backward, lasting.backward),
  };
}

/** Seconds after a rest in which a card that lives on its slot comes down to what it sustains: of passes of 1 to 800 ms on L4 and T4. */
const HOLD = 0.05;

/**
 * Both sources wait 50 ms between passes (time.sleep(delay), utils/runtime_estimator.py of benson-guo/cephalo@a8c75d3 and zorse@2fd6330), so
 * that none of their times is of a long run. What a pass takes whose pace falls as `HOLD` has it, from the first to what lasts.
 */
function afterRest(fast: number, lasting: number): number {
  let all = lasting;
  for (let i = 0; i < ROUNDS; i++) {
    const turns = all / (1e3 * HOLD);
    all = lasting - (lasting - fast) * ((1 - Math.exp(-turns)) / turns);
  }
  return all;
}

/** Until nothing changes any more in its last digits. */
const ROUNDS = 30;

function atPace(row: LayerTimes, batch: number, gpu: GpuSpec) {
  const problem = problemOf(row, batch, gpu);
  const dims = { tp: 1, cp: 1, ep: 1, etp: 1, pp: 1, vpp: 1, dpReplicate: 1, dpShard: 1 };
  const spec = { group: 0, firstDevice: 0, dims, microBatchSize: batch, schedule: '1f1b', techniques: {} };
  const { time } = stageProfile(problem, spec).layers[0]![0]!;
  return {
    forward: 1e3 * (seconds(time.forward) + byParts(row, batch, gpu, 0)),
    backward: 1e3 * (seconds(time.backward) + byParts(row, batch, gpu, 1) + accumulation(row, gpu)),
  };
}

/** Bytes that torch's kernels move one after the other, and those that the evaluator has for one kernel; of scores, each; else for each byte. */
interface Steps {
  readonly element: readonly [forward: number, backward: number];
  readonly fused: readonly [forward: number, backward: number];
}

/**
 * Counted in the sources' layers (models/*_simple.py of benson-guo/zorse@105c41a, as transformers 4.40 has them), reads and
 * writes of each kernel:
 * - norm: widened, squared, averaged, scaled, narrowed, times weight: 36 B of a 16-bit element, 28 B of an fp32 one;
 * - rotary: two products, a rotated half by negation and concatenation, a sum; gated activation: SiLU, then the product;
 * - scores: written by the product, scaled, widened for an fp32 softmax, narrowed, read by the next product;
 * - masked, beside them: times a mask and plus one, in fp32; gelu, of GPT-2: eight kernels.
 */
const STEPS = {
  norm: { element: [18, 36], fused: [2, 4] },
  rotary: { element: [10, 10], fused: [2, 2] },
  gated: { element: [5, 9], fused: [3, 5] },
  gelu: { element: [18, 27], fused: [2, 3] },
  scores: { element: [25, 38], fused: [4.5, 5.5] },
  masked: { element: [16, 16], fused: [0, 0] },
} as const satisfies Record<string, Steps>;

/** Seconds of what these steps take beyond the kernels that the evaluator counts; `pass`: 0 forward, 1 backward. */
function byParts(row: LayerTimes, batch: number, gpu: GpuSpec, pass: 0 | 1): number {
  const { hidden, heads, ffnHidden, kind } = row.model;
  const c = coefficients();
  const [tokens, e] = [batch * row.tokens, row.precision === 'fp16' ? 2 : 4];
  const scores = row.attention === 'unfused' ? batch * heads * row.tokens ** 2 : 0;
  const beyond = (step: keyof typeof STEPS, amount: number, own: number, fused: number) =>
    amount * (STEPS[step].element[pass] * own - STEPS[step].fused[pass] * fused);
  const bytes =
    (kind === 'llama'
      ? beyond('norm', 2 * tokens * hidden, e, e * c.streamBytes) +
        beyond('rotary', 2 * tokens * hidden, e, e * c.streamBytes) +
        beyond('gated', tokens * ffnHidden, e, e * c.streamBytes)
      : 0) +
    (kind === 'decoder'
      ? beyond('gelu', tokens * ffnHidden, e, e * c.streamBytes) + beyond('masked', scores, 1, 0)
      : 0) +
    beyond('scores', scores, 1, e * c.unfusedSoftmaxBytes);
  return streamSeconds(gpu, bytes, 1, { ...c, streamBytes: 1 });
}

/** Gradients of autocast's 16-bit weights are widened, and each is added to the one kept: read, read and write. */
function accumulation({ model, precision }: LayerTimes, gpu: GpuSpec): number {
  const { hidden, ffnHidden, kind } = model;
  const parameters = 4 * hidden ** 2 + (kind === 'llama' ? 3 : 2) * hidden * ffnHidden;
  const widened = precision === 'fp16' ? 6 : 0;
  return streamSeconds(gpu, (12 + widened) * parameters, 1, { ...coefficients(), streamBytes: 1 });
}

function problemOf(
  { model, tokens, attention, precision }: LayerTimes,
  batch: number,
  gpu: GpuSpec,
): Problem {
  const { hidden, heads, ffnHidden, kind } = model;
  const llama = kind === 'llama';
  const stack = loadStack('generic');
  return {
    model: {
      name: model.name,
      family: 'published-layer',
      hiddenSize: hidden,
      vocabSize: 1,
      tiedEmbeddings: true,
      learnedPositions: llama ? 0 : tokens,
      norm: { kind: llama ? 'rms' : 'layer', perLayer: 2 },
      kinds: [
        {
          name: 'dense',
          mixer: softmaxAttention(heads, hidden / heads),
          ffn: denseMlp(ffnHidden, { gated: llama }),
        },
      ],
      layers: [0],
      mtpLayers: 0,
    },
    cluster: alone(gpu),
    stack: {
      ...stack,
      attentionKernel: attention === 'fused' ? 'flash2' : 'unfused',
      fusedActivation: false,
      host: { secondsPerUnit: 0, secondsPerStep: 0 },
      timeMultiplier: { value: 1, width: 0 },
    },
    workload: { sequenceLength: tokens, globalBatchSize: batch, precision, optimizer: 'adamw', headroom: 0 },
  } as unknown as Problem;
}

function alone(gpu: GpuSpec): Cluster {
  const link = loadLink(gpu.host.network.link);
  return {
    name: 'one GPU',
    links: [],
    assumptions: [],
    groups: [
      {
        id: 'all',
        index: 0,
        gpu,
        nodes: 1,
        gpusPerNode: 1,
        firstDevice: 0,
        fastDomainGpus: 1,
        intraNode: loadLink('pcie4-x16-p2p'),
        nic: { link, sockets: link, perNode: 1, measured: null, devices: [], interface: null, fabric: null },
        hosts: [],
        powerCapWatts: null,
        site: 'here',
        dollarsPerGpuHour: null,
        provenance: 'measured',
      },
    ],
  };
}
