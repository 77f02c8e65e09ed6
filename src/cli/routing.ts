import { loadRouting } from '../catalogue/routings.ts';
import { InputError } from '../domain/input-error.ts';
import type { ModelSpec } from '../domain/model.ts';
import type { Routing } from '../domain/routing.ts';
import { expertsOf } from '../layers/layer.ts';
import { nearest } from '../units/nearest.ts';

const KEYS = ['imbalance', 'capacity'] as const;
const EXPECTED = 'a file of loads or routes, or imbalance=1.8; capacity=1.25 beside either, or by itself';

/** What --routing says of a model's experts. Throws InputError. */
export function routingFrom(text: string | undefined, model: ModelSpec): { readonly routing?: Routing } {
  if (text === undefined) return {};
  const [experts, ...others] = new Set(expertsOf(model));
  if (experts === undefined || others.length > 0)
    throw refused(text, experts === undefined ? 'a model with experts' : 'as many experts in all layers');
  const stated: { file?: string; imbalance?: number; capacity?: number } = {};
  for (const word of text.split(',')) {
    const [key = '', value] = word.trim().split('=');
    if (value === undefined && stated.file === undefined && key !== '') stated.file = key;
    else {
      const known = KEYS.find((one) => one === key);
      if (known === undefined || value === undefined || stated[known] !== undefined)
        throw refused(text, EXPECTED, nearest(key, KEYS));
      stated[known] = numberFrom(text, known, value);
    }
  }
  const { file, imbalance, capacity } = stated;
  if (file !== undefined && imbalance !== undefined) throw refused(text, EXPECTED);
  return {
    routing: {
      ...(imbalance === undefined ? {} : { imbalance }),
      ...(file === undefined ? {} : { loads: loadRouting(file, experts).loads }),
      ...(capacity === undefined ? {} : { capacity }),
    },
  };
}

/** The busiest rank has no less than the mean; an expert has some room. */
function numberFrom(text: string, key: (typeof KEYS)[number], value: string): number {
  const number = Number(value);
  const least = key === 'imbalance' ? 1 : 0.01;
  if (value !== '' && Number.isFinite(number) && number >= least) return number;
  throw refused(text, `${key} of ${least} or more: ${key}=1.8`);
}

function refused(text: string, expected: string, meant?: string): InputError {
  return new InputError({
    message: `--routing is "${text}"`,
    expected,
    ...(meant === undefined ? {} : { hint: `Maybe "${meant}".` }),
  });
}
