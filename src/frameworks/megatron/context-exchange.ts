import { InputError } from '../../domain/input-error.ts';
import { swappedRanks } from '../../techniques/context-exchange.ts';
import type { MegatronRun } from './run.ts';

const TYPE = '--cp-comm-type';
const SIZES = '--hierarchical-context-parallel-sizes';

/** `a2a+p2p` takes the ranks of its all-to-all, then those of its ring (megatron/core/model_parallel_config.py@d98e8a6). */
export function contextArguments(kind: string, cp: number): (string | number)[] {
  if (kind === 'stack') return [];
  const [type = kind] = kind.split(':');
  const named = type === 'all-gather' ? 'all_gather' : type;
  if (named !== 'a2a+p2p') return [TYPE, named];
  const ranks = swappedRanks(kind, cp);
  return [TYPE, named, SIZES, ranks, cp / ranks];
}

/** As `--config` writes it. Throws InputError where layers exchange in different ways. */
export function contextExchangeOf(run: MegatronRun): Record<string, string> {
  const types = [...new Set(run.flags.get(TYPE)?.values ?? [])];
  const [type] = types;
  if (type === undefined || (run.count('--context-parallel-size') ?? 1) === 1) return {};
  if (types.length > 1)
    throw new InputError({
      message: `${TYPE} is ${types.join(', ')}, layer by layer`,
      expected: 'one for all layers',
      at: { file: run.file, line: run.line(TYPE) },
    });
  if (/^all_?gather$/.test(type)) return { 'cp-comm': 'all-gather' };
  const ranks = run.flags.get(SIZES)?.values[0];
  return { 'cp-comm': type === 'a2a+p2p' && ranks !== undefined ? `${type}:${ranks}` : type };
}
