import { InputError } from '../domain/input-error.ts';
import { COUNTS, type Configuration, parseConfiguration, renamedKeys } from '../plan-text/configuration.ts';
import { type Bounded, type Held, NOTHING_HELD } from '../search/space/options.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import type { Io } from './io.ts';

/** `--fix tp=8,recompute=full`. */
export function fixFrom(text: string | undefined, option = '--fix'): Held {
  if (text === undefined) return NOTHING_HELD;
  const configuration = withoutPlace(parseConfiguration(text, option), option);
  const { counts, schedule, techniques } = configuration;
  return { counts, techniques, ...(schedule === undefined ? {} : { schedule }) };
}

/** `--max cp=2,zero=1`. */
export function maxFrom(text: string | undefined): Bounded {
  if (text === undefined) return NOTHING_HELD;
  const { counts, schedule, techniques } = withoutPlace(parseConfiguration(text, '--max'), '--max');
  const numbers = TECHNIQUES.filter(({ off }) => typeof off === 'number').map(({ id }) => id);
  const odd = Object.keys(techniques).find((id) => !numbers.includes(id));
  if (schedule !== undefined || odd !== undefined)
    throw new InputError({
      message: `--max takes no ${odd ?? 'schedule'}`,
      expected: [...COUNTS, ...numbers].join(', '),
      hint: `Maybe --fix ${odd ?? 'schedule'}=…, which holds it.`,
    });
  return { counts, techniques };
}

/** Says on stderr which keys of the user's texts have other names now. */
export function noteRenamed(io: Io, texts: Readonly<Record<string, unknown>>): void {
  for (const [option, text] of Object.entries(texts))
    if (typeof text === 'string') for (const note of renamedKeys(text, option)) io.stderr(`note: ${note}\n`);
}

/** A search chooses layers and groups itself. */
function withoutPlace(configuration: Configuration, option: string): Configuration {
  const places = {
    layers: 'layers',
    groups: 'groups',
    pipelines: 'pipelines',
    tensorParallel: 'tp of several sizes',
  } as const;
  for (const [key, name] of Object.entries(places)) {
    if (configuration[key as keyof typeof places] !== undefined)
      throw new InputError({
        message: `${option} takes no ${name}`,
        expected: [...COUNTS, 'schedule', ...TECHNIQUES.map(({ id }) => id)].join(', '),
        hint: 'Maybe estimate --config, which takes one whole configuration.',
      });
  }
  return configuration;
}
