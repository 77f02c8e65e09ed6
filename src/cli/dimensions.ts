import { InputError } from '../domain/input-error.ts';
import { type Configuration, parseConfiguration } from '../search/configuration.ts';
import type { SearchOptions } from '../search/options.ts';

/** `--fix tp=8,recompute=full`. */
export function fixFrom(text: string | undefined, option = '--fix'): SearchOptions['fix'] {
  if (text === undefined) return {};
  return without(parseConfiguration(text, option), option, [
    'sp',
    'layers',
    'groups',
    'shard-groups',
    'vocabulary',
    'recompute-layers',
  ]) as SearchOptions['fix'];
}

/** `--max cp=2`. */
export function maxFrom(text: string | undefined): SearchOptions['max'] {
  if (text === undefined) return {};
  return without(parseConfiguration(text, '--max'), '--max', [
    'schedule',
    'sp',
    'layers',
    'groups',
    'shard-groups',
    'recompute',
    'vocabulary',
    'recompute-layers',
  ]) as SearchOptions['max'];
}

function without(
  configuration: Configuration,
  option: string,
  keys: readonly (keyof Configuration)[],
): Configuration {
  for (const key of keys) {
    if (configuration[key] !== undefined)
      throw new InputError({
        message: `${option} takes no ${key}`,
        expected: 'tp, pp, dp, cp, ep, etp, vpp, micro-batch, sharding',
        hint: 'Maybe estimate --config, which takes one whole configuration.',
      });
  }
  return configuration;
}
