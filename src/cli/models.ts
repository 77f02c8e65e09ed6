import { loadModel } from '../catalogue/models.ts';
import { type BesideModel, ROLES } from '../domain/beside-model.ts';
import { PRECISIONS, type Precision } from '../domain/dtype.ts';
import { InputError } from '../domain/input-error.ts';
import type { ModelSpec } from '../domain/model.ts';
import { asTrained } from '../layers/training/as-trained.ts';
import { withinSequence } from '../layers/within-sequence.ts';
import { nearest } from '../units/nearest.ts';

const WORDS = ['frozen', 'trained', 'resident', 'offloaded', 'split', 'whole', ...PRECISIONS] as const;
type Word = (typeof WORDS)[number];
/** Words of which a model has one. */
const EITHER = [['frozen', 'trained'], ['resident', 'offloaded'], ['split', 'whole'], PRECISIONS] as const;
const SAME = 'same';
const EXPECTED = `a list of ROLE=MODEL, ROLE one of ${ROLES.join(', ')}, and after MODEL any of :frozen :trained, :resident :offloaded, :split :whole, and a precision: reference=llama-3.1-8b:frozen`;

/** What --models says stands beside the model that is trained. Throws InputError. */
export function modelsFrom(
  text: string | undefined,
  precision: string,
  sequenceLength = Number.POSITIVE_INFINITY,
  own?: string,
): { readonly models?: readonly BesideModel[] } {
  if (text === undefined) return {};
  const models = text.split(',').map((one) => modelFrom(text, one.trim(), precision, own));
  return { models: models.map((one) => ({ ...one, model: withinSequence(one.model, sequenceLength) })) };
}

function modelFrom(text: string, one: string, usual: string, own: string | undefined): BesideModel {
  const [, asked = '', rest = ''] = /^([^=]*)=(.+)$/s.exec(one) ?? [];
  const role = ROLES.find((known) => known === asked);
  if (role === undefined) throw refused(text, `"${one}"`, nearest(asked, ROLES));
  const parts = rest.split(':');
  const words: Word[] = [];
  // The last words: a path may have colons of its own.
  for (let word = known(parts.at(-1)); word !== undefined && parts.length > 1; word = known(parts.at(-1))) {
    words.push(word);
    parts.pop();
  }
  const twice = EITHER.find(
    (some) => words.filter((word) => some.some((other) => other === word)).length > 1,
  );
  if (twice !== undefined) throw refused(text, `two of ${twice.join(', ')} in "${one}"`);
  const stated = parts.join(':');
  // The model that is trained, once more.
  const name = stated === SAME && own !== undefined ? own : stated;
  const odd = parts.length > 1 ? nearest(parts.at(-1)!, WORDS) : undefined;
  if (odd !== undefined) throw refused(text, `"${parts.at(-1)}"`, odd);
  const trained = words.includes('trained') || (role === 'critic' && !words.includes('frozen'));
  const whole = words.includes('whole');
  if (trained && whole)
    throw new InputError({
      message: `--models has ${role} trained, and whole on each GPU`,
      expected: 'a trained model split as the plan splits, or a frozen one',
    });
  const { value } = loadModel(name);
  const precision = PRECISIONS.find((known) => words.includes(known)) ?? (usual as Precision);
  const model = trained ? value : frozen(value);
  return { role, name, model, trained, offloaded: words.includes('offloaded'), whole, precision };
}

function known(word: string | undefined): Word | undefined {
  return WORDS.find((one) => one === word);
}

function frozen(model: ModelSpec): ModelSpec {
  const towers = Object.fromEntries((model.towers ?? []).map(({ name }) => [name, 'frozen'] as const));
  return asTrained(model, {
    ...({ decoder: 'frozen', embedding: 'frozen', head: 'frozen', frozenLayers: 0 } as const),
    ...{ towers, lora: null, assumed: [] },
  });
}

function refused(text: string, what: string, near?: string): InputError {
  return new InputError({
    message: `--models is "${text}": ${what}`,
    expected: EXPECTED,
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  });
}
