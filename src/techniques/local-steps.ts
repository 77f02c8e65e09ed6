import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Reason } from '../domain/reason.ts';
import { Misread } from './misread.ts';
import type { BesideStates, OuterSync } from './outer-sync.ts';
import { technique } from './technique.ts';
import { zero } from './zero.ts';

/** What islands tell each other of a parameter. */
const SENT = ['fp32', 'bf16', '8bit', 'sparse'] as const;
type Sent = (typeof SENT)[number];

/** How pipelines of a plan train apart. */
export interface LocalSteps {
  /** Steps from one synchronisation of a parameter to the next; 1: gradients are averaged every step. */
  readonly steps: number;
  /** Parts of the model that are synchronised one after the other, spread over these steps. */
  readonly fragments: number;
  /** Steps that a synchronisation may take beside the passes: its result is applied so much later. */
  readonly delay: number;
  /** Weight of an island's own parameters when a late result is merged into them. */
  readonly alpha: number;
  readonly sent: Sent;
  /** Bytes that `sparse` sends of a parameter. */
  readonly sparseBytes: number;
}

/**
 * SparseLoCo keeps 64 of each 4,096 values, 2 bits and an index of 12 each (arXiv 2508.15706): 1/146 of fp32, which is the factor
 * that Covenant-72B states (arXiv 2603.08163).
 */
const SPARSE_BYTES = ((64 / 4096) * (2 + 12)) / 8;
const EVERY_STEP: LocalSteps = {
  ...{ steps: 1, fragments: 1, delay: 0, alpha: 0 },
  ...{ sent: 'fp32', sparseBytes: SPARSE_BYTES },
};
/** INTELLECT-1 (arXiv 2412.01152) and Covenant-72B: what a search tries. */
const QUANTISED: LocalSteps = { ...EVERY_STEP, steps: 100, sent: '8bit' };
const SPARSE: LocalSteps = { ...EVERY_STEP, steps: 30, sent: 'sparse' };

const BYTES: Readonly<Record<Exclude<Sent, 'sparse'>, number>> = { fp32: 4, bf16: 2, '8bit': 1 };
const CALLED: Readonly<Record<string, Sent>> = {
  int8: '8bit',
  fp8: '8bit',
  topk: 'sparse',
  'top-k': 'sparse',
};
const EXPECTED =
  'steps, then any of fragmentsN, delayN, alphaX, fp32, bf16, 8bit, sparse: 100, 100:8bit, 100:fragments4:delay5, 30:sparse';

/**
 * Islands that train apart and average what they have changed now and then. DiLoCo (arXiv 2311.08105): every island keeps the
 * parameters of the last synchronisation, the mean of all changes since is a gradient to an outer optimizer with momentum.
 * Streaming DiLoCo (arXiv 2501.18512): in fragments, each with some steps to arrive. SparseLoCo: the largest values in 2 bits,
 * what is left out fed back. An island is a pipeline of the plan: `pipelines=…+…`, each with its own copies and sharding.
 */
export const localSteps = technique<LocalSteps>({
  id: 'local-steps',
  aliases: ['diloco'],
  allowedAs: 'local-steps',
  off: EVERY_STEP,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['steps', 'fragments', 'delay', 'alpha', 'sent', 'sparseBytes'],
    properties: {
      steps: { type: 'integer', minimum: 1 },
      fragments: { type: 'integer', minimum: 1 },
      delay: { type: 'integer', minimum: 0 },
      alpha: { type: 'number', minimum: 0, maximum: 1 },
      sent: { enum: SENT },
      sparseBytes: { type: 'number', exclusiveMinimum: 0, maximum: 4 },
    },
  },
  affects: 'stage',
  // What islands wait for is no part of any bound.
  barest: null,
  parse,
  format,
  name: 'local steps',
  words: format,
  choices: (_, __, asked) => (asked === undefined ? [EVERY_STEP, QUANTISED, SPARSE] : [asked]),
  form: ({ steps, sent }) => (steps > 1 && (sent === 'sparse' || sent === 'bf16') ? sent : null),
  outside: lawOf,
  reject: (value, _, dims, __, techniques) =>
    value.steps === 1 ? null : (lawOf(value) ?? unshared(dims, zero.of(techniques))),
  devices: ({ steps }) => (steps === 1 ? [] : ['host']),
  assumed: ({ steps, sent, sparseBytes }) =>
    steps > 1 && sent === 'sparse'
      ? [
          `${sparseBytes.toPrecision(3)} bytes sent of a parameter; the time of finding its largest values is not counted`,
        ]
      : [],
  price: (value) => (value.steps === 1 ? [] : [`local-steps=${format(value)}: ${priceOf(value)}`]),
  outer: outerOf,
  besideStates,
});

function format({ steps, fragments, delay, alpha, sent, sparseBytes }: LocalSteps): string {
  return [
    String(steps),
    ...(fragments === 1 ? [] : [`fragments${fragments}`]),
    ...(delay === 0 ? [] : [`delay${delay}`]),
    ...(alpha === 0 ? [] : [`alpha${alpha}`]),
    ...(sent === 'fp32'
      ? []
      : [sent === 'sparse' && sparseBytes !== SPARSE_BYTES ? `sparse${sparseBytes}` : sent]),
  ].join(':');
}

const WORD = /^(fragments|delay|alpha|sparse)(\d+(?:\.\d+)?)$/;

function parse(text: string): LocalSteps | Misread {
  const [count = '', ...words] = text.split(':');
  if (!/^\d{1,6}$/.test(count) || Number(count) < 1) return new Misread(EXPECTED);
  let value: LocalSteps = { ...EVERY_STEP, steps: Number(count) };
  for (const word of words) {
    const read = wordOf(word);
    if (read === null) return new Misread(EXPECTED);
    value = { ...value, ...read };
  }
  return value;
}

/** What one word after the steps says; null: nothing. */
function wordOf(word: string): Partial<LocalSteps> | null {
  const sent = SENT.find((one) => one === word) ?? CALLED[word.toLowerCase()];
  if (sent !== undefined) return { sent };
  const [, key, digits] = WORD.exec(word) ?? [];
  const n = Number(digits);
  const whole = digits?.includes('.') === false;
  if (key === 'fragments' && whole && n >= 1) return { fragments: n };
  if (key === 'delay' && whole) return { delay: n };
  if (key === 'alpha' && n <= 1) return { alpha: n };
  return key === 'sparse' && n > 0 && n <= 4 ? { sent: 'sparse', sparseBytes: n } : null;
}

/** torchft raises on these (torchft/local_sgd.py@73dafea). */
function lawOf(value: LocalSteps): Reason | null {
  const { steps, fragments, delay } = value;
  const said = `local-steps=${format(value)}`;
  if (steps % fragments !== 0)
    return no(`${said}: ${fragments} fragments`, `a divisor of its ${steps} steps`);
  const most = steps / fragments - 1;
  return delay <= most
    ? null
    : no(`${said}: a delay of ${delay} steps`, `${most} at most: less than steps over fragments`);
}

/** Each rank synchronises what it updates. */
function unshared({ dpReplicate, dpShard, cp }: ParallelDims, stage: number): Reason | null {
  const ranks = dpReplicate * dpShard * cp;
  if (stage === 0 && ranks > 1)
    return no(
      `nothing sharded over ${ranks} ranks of an island`,
      'sharding=1 or more, so that each rank sends its own part',
    );
  return dpReplicate > 1
    ? no(`dp-replicate=${dpReplicate} inside an island`, '1: an island shards its states over all its ranks')
    : null;
}

function no(actual: string, limit: string): Reason {
  return { rule: 'local-steps', actual, limit };
}

/** Published points: what other sizes, numbers of islands or steps cost is not known. */
function priceOf({ steps, fragments, delay, sent }: LocalSteps): string {
  const late = delay === 0 ? '' : `, each applied ${delay} steps late`;
  const how =
    fragments === 1
      ? `islands average what they changed every ${steps} steps${late}`
      : `islands average each of ${fragments} fragments every ${steps} steps${late}`;
  const known =
    sent === 'sparse'
      ? 'published for it: better than dense averages up to 2B parameters on 32 islands (arXiv 2508.15706), a 72B on 20 islands every 30 steps that does as well as Llama-2-70B of twice its tokens (arXiv 2603.08163)'
      : 'published for it: a loss close to that of data parallelism at 150M parameters on 8 islands every 500 steps (arXiv 2407.07852), a 10B on 14 islands every 100 in 8 bits (arXiv 2412.01152)';
  return `${how}; ${known}; more islands or steps cost more, how much more is not published`;
}

function outerOf(value: LocalSteps): OuterSync | null {
  const { steps, fragments, delay, sent, sparseBytes } = value;
  if (steps === 1) return null;
  return sent === 'sparse'
    ? { steps, fragments, delay, exchange: 'to-all', bytes: sparseBytes }
    : { steps, fragments, delay, exchange: 'ring', bytes: BYTES[sent] };
}

/** fp32, wherever it lies. */
const WIDE = 4;

/**
 * torchft keeps the parameters of the last synchronisation in pinned memory of the host (backup_device=None), momentum (or what
 * SparseLoCo left out) on the GPU, and makes the changes of one fragment at a time, with what is sent of them beside.
 */
function besideStates({ steps, fragments, delay, sent }: LocalSteps): readonly BesideStates[] {
  if (steps === 1) return [];
  const copy = sent === 'fp32' ? 0 : sent === 'sparse' ? 1 : BYTES[sent];
  return [
    { part: 'weights at the last synchronisation', device: 'host', bytes: WIDE },
    { part: sent === 'sparse' ? 'error feedback' : 'outer momentum', device: 'gpu', bytes: WIDE },
    {
      part: 'changes since synchronisation',
      device: 'gpu',
      bytes: (WIDE + copy) / fragments,
      // One on its way beside the passes is there all the time.
      ...(delay === 0 ? { at: ['optimizer-step'] } : {}),
    },
  ];
}
