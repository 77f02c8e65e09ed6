import { InputError } from '../domain/input-error.ts';
import type { Techniques } from '../domain/plan.ts';
import { SCHEDULES } from '../schedules/index.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { Misread } from '../techniques/misread.ts';
import { nearest } from '../units/nearest.ts';
import { parsePipelines, type StageText } from './pipelines.ts';

/** Whole numbers of a configuration: degrees by torchtitan's names, and sequences in one micro-batch. */
export const COUNTS = ['tp', 'pp', 'dp', 'cp', 'ep', 'etp', 'vpp', 'micro-batch', 'dp-replicate'] as const;
export type Count = (typeof COUNTS)[number];

/** What `--config` says; anything left out is inferred and reported. */
export interface Configuration {
  readonly counts: Readonly<Partial<Record<Count, number>>>;
  readonly schedule?: string;
  /** Tensor-parallel size on each of the groups in pipeline order, where they differ; `counts` then has none. */
  readonly tensorParallel?: readonly number[];
  /** Layers of each stage, or of each chunk. */
  readonly layers?: readonly number[];
  /** Node groups in pipeline order, with the GPUs to use of each; left out: all, in the cluster's order. */
  readonly groups?: readonly GroupShare[];
  /** Every stage of every pipeline, spelled out: then there are no degrees, layers or groups. */
  readonly pipelines?: readonly (readonly StageText[])[];
  /** By id; left out: what is usual. */
  readonly techniques: Techniques;
}

export interface GroupShare {
  readonly id: string;
  /** null: all. */
  readonly gpus: number | null;
}

/** What earlier versions wrote, and what is written now. */
const RENAMED = { 'shard-groups': 'dp-replicate', 'recompute-layers': 'recompute=full:LAYERS' } as const;

/** Keys that mean another: those that techniques list, and what an earlier version wrote. */
const ALIASES: Readonly<Record<string, string>> = {
  mbs: 'micro-batch',
  'shard-groups': RENAMED['shard-groups'],
  ...Object.fromEntries(TECHNIQUES.flatMap(({ id, aliases }) => aliases.map((alias) => [alias, id]))),
};

const KEYS = [...COUNTS, 'schedule', ...TECHNIQUES.map(({ id }) => id), 'layers', 'groups', 'pipelines'];
/** Of any degree. */
const MOST = 1e6;
/** Stages that a fold may stand for. */
const MOST_STAGES = 10_000;
/** What pipelines that are spelled out say already. */
const SAID_BY_PIPELINES = ['tp', 'pp', 'dp', 'vpp', 'layers', 'groups'];
/** An earlier version wrote `recompute=full,recompute-layers=4` for `recompute=full:4`. */
const LIMIT = '-layers';

/** Parses `tp=8,pp=4,recompute=selective,layers=12/12/28/28`. Throws InputError naming the token. */
export function parseConfiguration(text: string, option = '--config'): Configuration {
  const values = withLimits(valuesOf(text, option));
  const counts: Partial<Record<Count, number>> = {};
  const unlike = values.get('tp')?.includes('/') === true ? values.get('tp')!.split('/') : undefined;
  for (const key of COUNTS) {
    const value = values.get(key);
    if (value !== undefined && !(key === 'tp' && unlike)) counts[key] = whole(key, value, option);
  }
  const [schedule, layers, groups, pipelines] = ['schedule', 'layers', 'groups', 'pipelines'].map((key) =>
    values.get(key),
  );
  const twice = pipelines === undefined ? undefined : SAID_BY_PIPELINES.find((key) => values.has(key));
  if (twice !== undefined)
    throw new InputError({
      message: `${option}: "${twice}" stands beside "pipelines", which says it stage by stage`,
      expected: 'one of the two',
    });
  return {
    counts,
    techniques: techniquesOf(values, option),
    ...(schedule === undefined ? {} : { schedule: oneOf('schedule', schedule, SCHEDULES, option) }),
    ...(unlike === undefined ? {} : { tensorParallel: unlike.map((n) => whole('tp', n, option)) }),
    ...(layers === undefined ? {} : { layers: layers.split('/').flatMap((run) => layerRun(run, option)) }),
    ...(pipelines === undefined ? {} : { pipelines: parsePipelines(pipelines, option) }),
    ...(groups === undefined ? {} : { groups: groups.split('/').map((share) => groupShare(share, option)) }),
  };
}

/** Keys of a text that have other names now, each with a note that says so. They are read all the same. */
export function renamedKeys(text: string, option = '--config'): string[] {
  return text.split(',').flatMap((token) => {
    const key = token.split('=')[0]!.trim();
    const now = Object.entries(RENAMED).find(([old]) => old === key)?.[1];
    return now === undefined ? [] : [`${option}: "${key}" is "${now}" now`];
  });
}

/** One configuration with what another says on top. */
export function overlaid(under: Configuration, over: Configuration): Configuration {
  const techniques = { ...under.techniques, ...over.techniques };
  const { tp: _, ...counts } = { ...under.counts, ...over.counts };
  const tp = over.counts.tp ?? under.counts.tp;
  // The one size or the several that were said last.
  if (over.tensorParallel !== undefined || tp === undefined) return { ...under, ...over, counts, techniques };
  const { tensorParallel: __, ...rest } = under;
  return { ...rest, ...over, counts: { ...counts, tp }, techniques };
}

/** Text by key, aliases resolved. */
function valuesOf(text: string, option: string): Map<string, string> {
  const values = new Map<string, string>();
  const tokens = text.split(',').map((part) => part.trim());
  for (const token of tokens.filter((part) => part !== '').flatMap((one) => spelledOut(one, option))) {
    const [given = '', value = '', ...more] = token.split('=');
    const key = ALIASES[given] ?? given;
    if (!KEYS.includes(key) && !limited(key)) {
      const hint = keyHint(given, value);
      throw new InputError({
        message: `${option}: unknown key "${given}"`,
        expected: KEYS.join(', '),
        ...(hint === undefined ? {} : { hint }),
      });
    }
    if (values.has(key))
      throw new InputError({ message: `${option}: "${given}" is given twice`, expected: 'each key once' });
    if (value === '' || more.length > 0)
      throw new InputError({
        message: `${option}: "${token}"`,
        expected: `${given}=VALUE`,
        ...(token.includes(' ') ? { hint: `Maybe commas: "${token.split(/\s+/).join()}".` } : {}),
      });
    values.set(key, value);
  }
  return values;
}

/** `offload=optimizer:0.5+activations:1` as the several keys that it stands for. */
function spelledOut(token: string, option: string): string[] {
  const [key = '', text = ''] = token.split('=');
  const members = TECHNIQUES.filter(({ within }) => within?.key === key);
  if (members.length === 0) return [token];
  return text.split('+').map((part) => {
    const [, name = part, value] = /^([a-z]+):(.+)$/.exec(part) ?? [];
    const one = members.find(({ within }) => within?.name === name);
    if (one !== undefined && value !== undefined) return `${one.id}=${value}`;
    const all = members.map(({ within }) => `${within!.name}:${within!.such}`);
    const meant = all.find((example) => example.startsWith(`${name}:`)) ?? all[0];
    throw bad(key, text, option, `${all.join(', ')}, several joined by +`, `Maybe "${key}=${meant}".`);
  });
}

/** What is said by a flag of its own. */
const FLAGS = [
  ...['optimizer', 'precision', 'train', 'lora-rank', 'packing', 'models', 'stack', 'launcher', 'seq-length'],
  ...['global-batch', 'headroom', 'reserve'],
];

/** Keys as frameworks write them. */
const CALLED: Readonly<Record<string, string>> = {
  ...{ 'tensor-parallel': 'tp', 'tensor-model-parallel-size': 'tp', mp: 'tp', 'pipeline-parallel': 'pp' },
  ...{ 'pipeline-model-parallel-size': 'pp', 'data-parallel': 'dp', 'context-parallel': 'cp' },
  ...{ 'sequence-parallel': 'sp', 'expert-parallel': 'ep', 'micro-batch-size': 'micro-batch' },
  ...{ 'gradient-checkpointing': 'recompute', 'activation-checkpointing': 'recompute', fsdp: 'zero' },
};

function keyHint(given: string, value: string): string | undefined {
  const plain = given.toLowerCase().replaceAll('_', '-');
  if (FLAGS.includes(plain)) return `Maybe --${plain}${value === '' ? '' : ` ${value}`}, a flag of its own.`;
  if (plain.includes('offload')) return 'Maybe "offload=optimizer:1".';
  const [, key, after] = /^([a-z-]+):(.+)$/.exec(given) ?? [];
  if (key !== undefined && KEYS.includes(key)) return `Maybe "${key}=${after}".`;
  const near = CALLED[plain] ?? nearest(given, KEYS);
  return near === undefined ? undefined : `Maybe "${near}=${value}".`;
}

function limited(key: string): boolean {
  return TECHNIQUES.some(({ id, limit }) => limit !== undefined && key === `${id}${LIMIT}`);
}

function withLimits(values: Map<string, string>): Map<string, string> {
  for (const { id, limit, off, format } of TECHNIQUES) {
    const layers = values.get(`${id}${LIMIT}`);
    if (limit !== undefined && layers !== undefined)
      values.set(id, `${values.get(id) ?? format(off)}:${layers}`);
  }
  return values;
}

function techniquesOf(values: ReadonlyMap<string, string>, option: string): Techniques {
  const techniques: Record<string, unknown> = {};
  for (const { id, parse } of TECHNIQUES) {
    const text = values.get(id);
    if (text === undefined) continue;
    const value = parse(text);
    if (value instanceof Misread)
      throw bad(
        id,
        text,
        option,
        value.expected,
        value.meant === undefined ? undefined : `Maybe "${id}=${value.meant}".`,
      );
    techniques[id] = value;
  }
  return techniques;
}

/** `9`, or `9×3` (9x3, 9*3) for three stages of 9, as tables fold them. */
function layerRun(run: string, option: string): number[] {
  const [, count = run, times = '1'] = /^(\d+)[×x*](\d+)$/.exec(run) ?? [];
  const repeated = whole('layers', times, option);
  if (repeated > MOST_STAGES) throw bad('layers', run, option, `at most ${MOST_STAGES} stages`);
  return new Array<number>(repeated).fill(whole('layers', count, option, 0));
}

function groupShare(share: string, option: string): GroupShare {
  const [, id = share, gpus] = /^(.+):(\d+)$/.exec(share) ?? [];
  return { id, gpus: gpus === undefined ? null : whole('groups', gpus, option) };
}

function oneOf(
  key: string,
  value: string,
  known: readonly { readonly id: string }[],
  option: string,
): string {
  const ids = known.map(({ id }) => id);
  if (ids.includes(value)) return value;
  const near = nearest(value, ids);
  throw bad(
    key,
    value,
    option,
    `one of ${ids.join(', ')}`,
    near === undefined ? undefined : `Maybe "${near}".`,
  );
}

function whole(key: string, value: string, option: string, least = 1): number {
  if (!/^\d+$/.test(value) || Number(value) < least || Number(value) > MOST)
    throw bad(key, value, option, `a whole number from ${least} to ${MOST}`);
  return Number(value);
}

function bad(key: string, value: string, option: string, expected: string, hint?: string): InputError {
  return new InputError({
    message: `${option}: ${key} is "${value}"`,
    expected,
    ...(hint === undefined ? {} : { hint }),
  });
}
