import { closed, flag, size } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { columnParallel, rowParallel } from '../linear.ts';
import { gemm, kept, type LayerContext, type Operator, operator, stream } from '../operator.ts';
import { bias, matrix, vector } from '../weight.ts';
import { convolutionKernel, scanKernel, stateSpaceWork } from './chunked-scans.ts';

/** A selective state space of which each channel has decays of its own (Mamba, arXiv 2312.00752; jamba). */
export interface Mamba {
  readonly kind: 'mamba';
  readonly width: number;
  readonly stateSize: number;
  /** Of the projection to each channel's step. */
  readonly timeStepRank: number;
  readonly convKernel: number;
  readonly convBias: boolean;
  readonly projectionBias: boolean;
  /** Norms of step, B and C, with weights (jamba). */
  readonly norms: boolean;
  /** So many heads have a step, a decay and a skip each, not every channel (plamo2): scanned as Mamba-2. */
  readonly heads?: number;
}

const PART = 'stateSpace';
/** Tokens that kernels of heads work on as one product (plamo2's `mamba_chunk_size`). */
const CHUNK = 256;

/** Input and gate from one projection; a convolution; step, B and C from a narrow one; the scan; the projection back. */
export const mamba = layerModule<Mamba>({
  kind: 'mamba',
  schema: closed(
    { kind: { const: 'mamba' }, width: size },
    {
      stateSize: size,
      timeStepRank: size,
      convKernel: size,
      convBias: flag,
      projectionBias: flag,
      norms: flag,
      heads: size,
    },
  ),
  complete: (given, hiddenSize) => ({ ...mambaMixer(given.width, Math.ceil(hiddenSize / 16)), ...given }),
  operators: (m, context) => [projection(m, context), ...selection(m, context), output(m, context)],
  constraints: (_, { tp, cp }) =>
    tp === 1 && cp === 1
      ? null
      : {
          rule: 'state-space-whole',
          actual: `tp=${tp}, cp=${cp}`,
          limit: 'tp=1, cp=1: no runtime divides Mamba layers',
        },
  describe: ({ width, stateSize, timeStepRank, heads }) =>
    `Mamba ${width} wide,${heads === undefined ? '' : ` ${heads} heads,`} state ${stateSize}, steps of rank ${timeStepRank}`,
  kernelPackages: ['causal-conv1d', 'mamba-ssm'],
  weakly: () =>
    'Mamba: no kernel times published; its scan is priced by the bytes that it moves and the state it runs through',
});

export function mambaMixer(width: number, timeStepRank: number, over: Partial<Mamba> = {}): Mamba {
  return {
    kind: 'mamba',
    ...{ width, stateSize: 16, timeStepRank, convKernel: 4 },
    ...{ convBias: true, projectionBias: false, norms: false },
    ...over,
  };
}

function projection({ width, projectionBias }: Mamba, { model, local }: LayerContext): Operator {
  const weights = [
    matrix({ part: PART, rows: model.hiddenSize, columns: 2 * width, elementWise: true }),
    ...bias(projectionBias, PART, 2 * width),
  ];
  return columnParallel(
    { name: 'in-projection', inputs: model.hiddenSize, outputs: 2 * width, weights },
    local,
  );
}

/**
 * selective_scan_cuda reads input, step, gate, B and C and writes the output, its states in registers, one state in fp32 for every
 * 2,048 tokens apart; backward reads all again with the output's gradient and writes five (csrc/selective_scan of state-spaces/mamba). Each
 * channel's N states are updated one token at a time outside tensor cores: counted as four more elements a channel for each 16 states.
 */
function selection(m: Mamba, { local }: LayerContext): Operator[] {
  const { width, stateSize: n, timeStepRank: rank } = m;
  const { tokens, elementBytes: e } = local;
  const narrow = rank + 2 * n;
  const states = (4 * width * n) / 16;
  return [
    operator({
      name: 'convolution',
      kernels: [convolutionKernel(width, local, true)],
      saved: [kept(2 * e * tokens * width)],
      scoreFlops: 2 * m.convKernel * width,
      weights: [vector(PART, m.convKernel * width), ...bias(m.convBias, PART, width)],
    }),
    operator({
      name: 'step-projections',
      kernels: [
        gemm(tokens, narrow, width),
        gemm(tokens, m.heads ?? width, rank),
        ...(m.norms ? [stream('element-wise', 2 * e * tokens * narrow, 4 * e * tokens * narrow, 3)] : []),
      ],
      saved: [kept(e * tokens * (width + (m.norms ? 2 : 1) * narrow))],
      hostUnits: m.norms ? 7 : 4,
      weights: [
        matrix({ part: PART, rows: width, columns: narrow, elementWise: true }),
        matrix({ part: PART, rows: rank, columns: m.heads ?? width }),
        vector(PART, m.heads ?? width),
        ...bias(m.norms, PART, narrow),
      ],
    }),
    operator({
      name: 'scan',
      kernels: [
        m.heads === undefined
          ? stream(
              'element-wise',
              tokens * (e * (4 * width + 2 * n) + states),
              tokens * (e * (9 * width + 6 * n) + 3 * states),
            )
          : scanKernel(
              stateSpaceWork({ width, groups: 1, stateSize: n, chunk: CHUNK, elementBytes: e }),
              tokens,
            ),
      ],
      // The step of each channel, the scan's output, and that gated.
      saved: [kept(2 * e * tokens * width), kept(local.linearInputBytes * tokens * width)],
      backwardBytes: 5 * e * tokens * width,
      hostUnits: 2,
      scoreFlops: 7 * width * n,
      weights:
        m.heads === undefined ? [vector(PART, width * n), vector(PART, width)] : [vector(PART, 2 * m.heads)],
    }),
  ];
}

function output({ width, projectionBias }: Mamba, { model, local }: LayerContext): Operator {
  const { hiddenSize } = model;
  const weights = [
    matrix({ part: PART, rows: hiddenSize, columns: width }),
    ...bias(projectionBias, PART, hiddenSize),
  ];
  return rowParallel({ name: 'out-projection', inputs: width, outputs: hiddenSize, weights }, local);
}
