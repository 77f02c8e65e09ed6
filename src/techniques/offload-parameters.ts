import { type MemoryTerm, memoryTerm, type Point } from '../domain/memory-term.ts';
import { copyRate, hostOf } from '../hardware/host.ts';
import { gatheredBytes, type Held, type Holding } from './holding.ts';
import { Misread, noneOf } from './misread.ts';
import { sharesOut, staysGathered } from './sharded-states.ts';
import { type StageContext, technique } from './technique.ts';
import type { LayerAmounts, PassTraffic } from './traffic.ts';
import { zero } from './zero.ts';

/** Where the weights that are computed with lie between the passes of their layer. */
export interface ParameterOffload {
  readonly device: 'gpu' | 'host' | 'disk';
  /** Layers of them on a GPU at a time: the one at work and those on their way. */
  readonly window: number;
}

export const RESIDENT: ParameterOffload = { device: 'gpu', window: 2 };
const DEVICES = { none: 'gpu', host: 'host', nvme: 'disk' } as const;
const CALLED = {
  cpu: 'host',
  ram: 'host',
  disk: 'nvme',
  ssd: 'nvme',
  gpu: 'none',
  true: 'host',
  false: 'none',
};
const PASSES: readonly Point[] = ['forward', 'loss', 'backward', 'end-of-backward'];

/**
 * Weights in host memory (or on a drive), each layer's copied up before its forward and again before its backward: ZeRO-Infinity
 * (Rajbhandari et al. 2021, arXiv 2104.07857), FSDP's CPU offload. What ranks share out by ZeRO 3 they copy up in shards and then
 * gather. A larger window is Superpipeline's (arXiv 2410.08791), for which no law of time is published: it is taken to hide no more.
 */
export const offloadParameters = technique<ParameterOffload>({
  id: 'offload-parameters',
  aliases: [],
  within: { key: 'offload', name: 'parameters', such: 'host' },
  allowedAs: 'offload',
  off: RESIDENT,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['device', 'window'],
    properties: { device: { enum: ['gpu', 'host', 'disk'] }, window: { type: 'integer', minimum: 2 } },
  },
  affects: 'stage',
  parse,
  format,
  name: 'offloaded parameters',
  words: format,
  choices: (_, __, asked) => (asked === undefined ? [RESIDENT, { ...RESIDENT, device: 'host' }] : [asked]),
  outside: ({ device, window }, { model }) =>
    device === 'gpu' || window <= Math.max(RESIDENT.window, model.layers.length)
      ? null
      : {
          rule: 'offload-parameters',
          actual: `a window of ${window} layers`,
          limit: `${RESIDENT.window} to ${model.layers.length} layers, as many as ${model.name} has`,
          hint: 'Maybe offload-parameters=none: all of them on the GPU.',
        },
  holdings: ({ device }, holdings) =>
    device === 'gpu'
      ? [...holdings]
      : holdings.map((one): Holding => (one.state === 'weights' ? { ...one, device } : one)),
  terms,
  passTraffic,
  devices: ({ device }) => (device === 'gpu' ? [] : [device]),
  assumed: ({ device, window }) =>
    device !== 'gpu' && window > RESIDENT.window
      ? [`a window of ${window} layers: no published law of its time; copies hide behind one layer's pass`]
      : [],
});

function format({ device, window }: ParameterOffload): string {
  if (device === 'gpu') return 'none';
  const name = device === 'disk' ? 'nvme' : device;
  return window === RESIDENT.window ? name : `${name}:${window}`;
}

function parse(text: string): ParameterOffload | Misread {
  const [, name, window = '2'] = /^(none|host|nvme)(?::(\d+))?$/.exec(text) ?? [];
  if (name === undefined || Number(window) < 2)
    return new Misread('none, host, nvme, or host:LAYERS (2 or more)', meantBy(text));
  const device = DEVICES[name as keyof typeof DEVICES];
  return device === 'gpu' ? RESIDENT : { device, window: Number(window) };
}

/** Where other tools say it lies. */
function meantBy(text: string): string | undefined {
  const [place = ''] = text.split(':');
  return noneOf(Object.keys(DEVICES), place, CALLED).meant;
}

/** Layers on the GPU for their passes, where ZeRO 3 does not gather them there anyway; ends of the model for theirs. */
function terms(
  { device, window }: ParameterOffload,
  { gathered, root }: Held,
  context: StageContext,
): MemoryTerm[] {
  if (device === 'gpu') return [];
  const gathers =
    sharesOut(zero.of(context.techniques), 'weights', context.problem.stack) && context.groups.shard.size > 1;
  const layers = gathers ? window - 2 : window;
  return [
    memoryTerm({
      part: 'uploaded parameters',
      at: PASSES,
      over: 'widest',
      layers: gathered.layers.map((row) => row.map((bytes) => layers * bytes)),
      fixed: [gathers ? 0 : root],
    }),
  ];
}

/** Each pass of a layer copies up what its GPU keeps of the layer on the host, beside the pass before. */
function passTraffic(
  { device }: ParameterOffload,
  layer: LayerAmounts,
  context: StageContext,
): PassTraffic[] {
  if (device === 'gpu') return [];
  const { groups, group, c, techniques, problem } = context;
  const sharded = sharesOut(zero.of(techniques), 'weights', problem.stack);
  const [dense, expert] = sharded ? [groups.shard.size, groups.expertShard.size] : [1, 1];
  const bytes = gatheredBytes(layer, 'dense') / dense + gatheredBytes(layer, 'expert') / expert;
  const host = hostOf(group);
  const rate =
    device === 'disk' ? Math.min(copyRate(host, c), host.disk.readBandwidth / host.gpus) : copyRate(host, c);
  const seconds = bytes / rate;
  const forward: PassTraffic = { pass: 'forward', seconds, hideable: 1, copied: true };
  return sharded && staysGathered(layer, problem.stack)
    ? [forward]
    : [forward, { ...forward, pass: 'backward' }];
}
