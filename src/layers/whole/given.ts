import { closed, named, size, sizeOrNone, text } from '../../document/shapes.ts';
import { layerModule } from '../layer-module.ts';
import { kept, type LayerContext, type Operator, operator } from '../operator.ts';
import { vector } from '../weight.ts';

/**
 * A layer of any network by its figures, of one sample: what GPipe partitions (arXiv 1811.06965, section 2.1: a layer is a function with
 * its parameters and, optionally, an estimate of what it costs).
 */
export interface GivenLayer {
  readonly kind: 'given';
  readonly parameters: number;
  /** Forward, of products and sums; 0: not stated. */
  readonly flops: number;
  /** Bytes that its forward reads and writes in the memory of a GPU; 0: its products alone take time. */
  readonly movedBytes: number;
  /** Kernels that its forward launches; 0: the host is never waited for. */
  readonly launches: number;
  /** Measured, by GPU, in place of what FLOPs and bytes say; none: that is what is taken. */
  readonly times: Readonly<Record<string, GivenTime>>;
  /** What it reads, what it keeps for backward beside that, what it passes on. */
  readonly inputBytes: number;
  readonly savedBytes: number;
  readonly outputBytes: number;
}

/** Seconds of one sample; backward without recomputation. */
interface GivenTime {
  readonly forward: number;
  readonly backward: number;
}

const bytes = { ...text, description: 'Of one sample: "3.2 MB".' } as const;
const time = { ...text, description: 'Of one sample: "1.2 ms".' } as const;

/** What a model file says of one, beside its kind. */
export const givenSchema = closed(
  {
    parameters: sizeOrNone,
    saved: {
      ...bytes,
      description: 'Kept from forward to backward beside its input, of one sample: "18.5 MB".',
    },
    output: { ...bytes, description: 'Passed to the next layer, of one sample; all that later layers need.' },
  },
  {
    flops: { type: 'number', minimum: 0, maximum: 1e18, description: 'Of the forward pass of one sample.' },
    moved: { ...bytes, description: 'Read and written by its forward pass in the memory of a GPU.' },
    launches: {
      ...size,
      description: 'Kernels of its forward pass; left out: the host is never waited for.',
    },
    times: {
      ...named(closed({ forward: time, backward: time })),
      description: 'Measured, by id of the GPU; other GPUs cannot have the layer then.',
    },
    input: {
      ...bytes,
      description: 'Of the first layer alone: the others read what the one before passes on.',
    },
  },
);

const { required, properties } = givenSchema;

export const given = layerModule<GivenLayer>({
  kind: 'given',
  schema: {
    ...givenSchema,
    required: ['kind', ...required],
    properties: { kind: { const: 'given' }, ...properties },
  },
  whole: true,
  complete: (stated) => stated,
  operators,
  constraints: (_, { tp, cp, ep, etp }) => {
    const degrees = Object.entries({ tp, cp, ep, etp });
    const [odd] = degrees.filter(([, degree]) => degree > 1);
    return odd === undefined
      ? null
      : {
          rule: 'given-layers',
          actual: `${odd[0]}=${odd[1]}`,
          limit: `${odd[0]}=1: a layer that is given by its figures is not split, nor are its samples`,
          hint: 'Maybe pp, dp and zero.',
        };
  },
  lacks: ({ times, flops }, gpu) =>
    Object.keys(times).length > 0
      ? times[gpu] === undefined
        ? `times of ${Object.keys(times).join(', ')} alone`
        : null
      : flops > 0
        ? null
        : 'neither times nor flops',
  describe: ({ times }) =>
    Object.keys(times).length > 0
      ? `given figures, times measured on ${Object.keys(times).join(', ')}`
      : 'given figures, their times from FLOPs and bytes',
  outputBytes: ({ outputBytes }) => outputBytes,
  weakly: ({ times }) =>
    Object.keys(times).length > 0
      ? null
      : 'given layers: times not stated; from their FLOPs at the rate of large matrix products, and their bytes at that of memory',
});

function operators(layer: GivenLayer, { local }: LayerContext): Operator[] {
  const { parameters, flops, movedBytes, launches, times, inputBytes, savedBytes, outputBytes } = layer;
  const samples = local.tokens;
  return [
    operator({
      name: 'given',
      kernels: [{ kind: 'given', samples, flops, movedBytes, launches, times }],
      saved: [kept(samples * inputBytes), kept(samples * savedBytes)],
      // The gradients of its output and of its input.
      backwardBytes: samples * (inputBytes + outputBytes),
      hostUnits: launches,
      // Of shapes that are not known: updated element by element.
      weights: parameters === 0 ? [] : [vector('given', parameters, { elementWise: true })],
      scoreFlops: flops,
    }),
  ];
}
