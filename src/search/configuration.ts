import { InputError } from '../domain/input-error.ts';
import {
  RECOMPUTE_MODULES,
  SCHEDULES,
  type ScheduleId,
  VOCABULARY_SPLITS,
  type VocabularySplit,
} from '../domain/plan.ts';
import { nearest } from '../units/nearest.ts';

/** What `--config` says; anything left out is inferred and reported. */
export interface Configuration {
  readonly tp?: number;
  readonly pp?: number;
  readonly dp?: number;
  readonly cp?: number;
  readonly ep?: number;
  readonly etp?: number;
  readonly vpp?: number;
  readonly 'micro-batch'?: number;
  readonly sharding?: 0 | 1 | 2 | 3;
  readonly recompute?: string;
  /** Layers of each stage that full recomputation covers; left out: all. */
  readonly 'recompute-layers'?: number;
  readonly vocabulary?: VocabularySplit;
  readonly schedule?: ScheduleId;
  readonly sp?: boolean;
  readonly layers?: readonly number[];
  /** Node groups in pipeline order, with the GPUs to use of each; left out: all, in the cluster's order. */
  readonly groups?: readonly GroupShare[];
  /** Sets of sharded states that are kept (Megatron's optimizer instances, HSDP's replicas); left out: one. */
  readonly 'shard-groups'?: number;
}

interface GroupShare {
  readonly id: string;
  /** null: all. */
  readonly gpus: number | null;
}

export const COUNTS = ['tp', 'pp', 'dp', 'cp', 'ep', 'etp', 'vpp', 'micro-batch'] as const;
const KEYS = [
  ...COUNTS,
  'sharding',
  'recompute',
  'recompute-layers',
  'schedule',
  'vocabulary',
  'sp',
  'layers',
  'groups',
  'shard-groups',
];

/** Parses `tp=8,pp=4,recompute=selective,layers=12/12/28/28`. Throws InputError naming the token. */
export function parseConfiguration(text: string, option = '--config'): Configuration {
  const found: Record<string, unknown> = {};
  for (const token of text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const [key = '', value = '', ...more] = token.split('=');
    if (!KEYS.includes(key)) {
      const near = nearest(key, KEYS);
      throw new InputError({
        message: `${option}: unknown key "${key}"`,
        expected: KEYS.join(', '),
        ...(near === undefined ? {} : { hint: `Maybe "${near}=${value}".` }),
      });
    }
    if (found[key] !== undefined)
      throw new InputError({ message: `${option}: "${key}" is given twice`, expected: 'each key once' });
    if (value === '' || more.length > 0)
      throw new InputError({ message: `${option}: "${token}"`, expected: `${key}=VALUE` });
    found[key] = parsedValue(key, value, option);
  }
  return found as Configuration;
}

function parsedValue(key: string, value: string, option: string): unknown {
  const bad = (expected: string, hint?: string) =>
    new InputError({
      message: `${option}: ${key} is "${value}"`,
      expected,
      ...(hint === undefined ? {} : { hint }),
    });
  const whole = (text: string, least: number, most = 1e6) => {
    if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most)
      throw bad(`a whole number from ${least}`);
    return Number(text);
  };
  switch (key) {
    case 'sharding':
      return whole(value, 0, 3);
    case 'layers':
      return value.split('/').map((n) => whole(n, 1));
    case 'groups':
      return value.split('/').map((share): GroupShare => {
        const [, id = share, gpus] = /^(.+):(\d+)$/.exec(share) ?? [];
        return { id, gpus: gpus === undefined ? null : whole(gpus, 1) };
      });
    case 'sp':
      if (value !== 'true' && value !== 'false') throw bad('true or false');
      return value === 'true';
    case 'schedule':
      if (!(SCHEDULES as readonly string[]).includes(value)) {
        const near = nearest(value, SCHEDULES);
        throw bad(`one of ${SCHEDULES.join(', ')}`, near === undefined ? undefined : `Maybe "${near}".`);
      }
      return value;
    case 'vocabulary':
      if (!(VOCABULARY_SPLITS as readonly string[]).includes(value))
        throw bad(`one of ${VOCABULARY_SPLITS.join(', ')}`);
      return value;
    case 'recompute': {
      const modules = value.split('+');
      const known = [...RECOMPUTE_MODULES, 'none', 'selective', 'full'] as readonly string[];
      const odd = modules.find((module) => !known.includes(module));
      if (odd !== undefined)
        throw bad(`none, selective, full, or modules joined by +: ${RECOMPUTE_MODULES.join(', ')}`);
      return value;
    }
    default:
      return whole(value, 1);
  }
}
