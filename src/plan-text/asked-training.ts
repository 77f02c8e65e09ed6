import { InputError } from '../domain/input-error.ts';
import type { ModelSpec } from '../domain/model.ts';
import {
  EMBEDDING_MODES,
  FROZEN_WEIGHTS,
  HEAD_MODES,
  type Lora,
  type LoraModule,
  TRAIN_MODES,
  type Training,
  type TrainMode,
} from '../domain/training.ts';
import { adaptableModules, EVERY_MODULE, modulesNamed } from '../layers/training/modules.ts';
import { nearest } from '../units/nearest.ts';
import { parseQuantity } from '../units/parse.ts';
import type { TrainingFlags } from './training-text.ts';
import { whole } from './whole.ts';

const EXPECTED = `${TRAIN_MODES.slice(0, 3).join(', ')}, or part by part: decoder=lora,embedding=frozen,head=full,first-layers=8`;
const USUAL_RANK = 16;
const PARTS = ['decoder', 'embedding', 'head', 'first-layers', 'frozen-weights'] as const;
type Stated = Readonly<Partial<Record<(typeof PARTS)[number] | string, string>>>;

/** What is trained, from --train and the flags of its adapters; null: everything. Throws InputError. */
export function trainingFrom(model: ModelSpec, s: TrainingFlags): Training | null {
  const text = s.train ?? 'full';
  const names = (model.towers ?? []).map(({ name }) => name);
  const stated = partsOf(text, names);
  const decoder = oneOf(text, stated, 'decoder', TRAIN_MODES) ?? 'full';
  const frozenLayers =
    stated['first-layers'] === undefined
      ? 0
      : whole('first-layers of --train', stated['first-layers'], 0, model.layers.length);
  const usualHead = decoder === 'full' ? 'full' : 'frozen';
  const usualEmbedding = decoder === 'full' && frozenLayers === 0 ? 'full' : 'frozen';
  const usualTower = decoder === 'full' && frozenLayers === 0;
  const head = oneOf(text, stated, 'head', HEAD_MODES);
  const embedding = oneOf(text, stated, 'embedding', EMBEDDING_MODES);
  const tied = model.tiedEmbeddings;
  const training = {
    decoder,
    // A tied matrix is trained or it is not, at whichever end.
    embedding:
      embedding ?? (tied && head !== undefined ? (head === 'full' ? 'full' : 'frozen') : usualEmbedding),
    head: head ?? (tied ? (embedding ?? usualEmbedding) : usualHead),
    frozenLayers,
    towers: Object.fromEntries(
      names.map((name) => [
        name,
        oneOf(text, stated, name, EMBEDDING_MODES) ?? (usualTower ? 'full' : 'frozen'),
      ]),
    ),
  } as const;
  if (tied && (training.embedding === 'full') !== (training.head === 'full'))
    throw new InputError({
      message: `--train is "${text}", but embedding and head of ${model.name} are one matrix`,
      expected: 'both full, or neither',
    });
  const adapters =
    training.head === 'lora' ||
    ((decoder === 'lora' || decoder === 'qlora') && frozenLayers < model.layers.length);
  const trains = frozenLayers < model.layers.length && decoder !== 'frozen';
  const towersTrain = Object.values(training.towers).includes('full');
  if (!trains && !towersTrain && training.embedding === 'frozen' && training.head === 'frozen')
    throw new InputError({
      message: `--train is "${text}", which trains nothing`,
      expected: EXPECTED,
      hint: 'Maybe --train lora.',
    });
  const { lora, assumed } = adapters ? loraFrom(model, s) : { lora: refuseLora(text, s), assumed: [] };
  const held = oneOf(text, stated, 'frozen-weights', FROZEN_WEIGHTS);
  const all = { ...training, lora, assumed, ...(held === undefined ? {} : { frozenWeights: held }) };
  if (held !== undefined && isFull(all))
    throw new InputError({
      message: `--train is "${text}", which freezes nothing`,
      expected: 'frozen-weights beside something that is frozen',
      hint: `Maybe --train lora,frozen-weights=${held}.`,
    });
  return isFull(all) ? null : all;
}

export function isFull({
  decoder,
  embedding,
  head,
  frozenLayers,
  towers,
}: Omit<Training, 'assumed'>): boolean {
  const all = [decoder, embedding, head, ...Object.values(towers)];
  return frozenLayers === 0 && all.every((mode) => mode === 'full');
}

/** `lora,head=full`: a mode for the decoder and what goes with it, then parts that differ. */
function partsOf(text: string, towers: readonly string[]): Stated {
  const known = [...PARTS, ...towers];
  const parts: Record<string, string> = {};
  for (const [i, word] of text.split(',').entries()) {
    const [key = '', value, ...more] = word.trim().split('=');
    const part = value === undefined && i === 0 ? 'decoder' : known.find((one) => one === key);
    if (part === undefined || more.length > 0 || parts[part] !== undefined)
      throw refused(text, nearest(key, [...known, ...TRAIN_MODES]));
    parts[part] = value ?? key;
  }
  return parts;
}

function oneOf<M extends TrainMode | (typeof FROZEN_WEIGHTS)[number]>(
  text: string,
  stated: Stated,
  part: string,
  modes: readonly M[],
): M | undefined {
  const word = stated[part];
  if (word === undefined) return undefined;
  const known = modes.find((mode) => mode === word);
  if (known !== undefined) return known;
  if (text === word) throw refused(text, nearest(word, modes));
  throw new InputError({
    message: `--train has ${part}=${word}`,
    expected: `one of ${modes.join(', ')}`,
  });
}

function refused(text: string, near: string | undefined): InputError {
  return new InputError({
    message: `--train is "${text}"`,
    expected: EXPECTED,
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  });
}

const LORA_KEYS = ['lora-rank', 'lora-modules', 'lora-dropout'] as const;

function refuseLora(text: string, s: TrainingFlags): null {
  const given = LORA_KEYS.find((key) => s[key] !== undefined);
  if (given === undefined) return null;
  throw new InputError({
    message: `--${given} is "${s[given]}", but --train is "${text}", which has no adapters`,
    expected: '--train lora or qlora beside it',
  });
}

function loraFrom(model: ModelSpec, s: TrainingFlags): { lora: Lora; assumed: string[] } {
  const rank =
    s['lora-rank'] === undefined ? USUAL_RANK : whole('--lora-rank', s['lora-rank'], 1, model.hiddenSize);
  const assumed = [
    ...(s['lora-rank'] === undefined ? [`LoRA rank ${USUAL_RANK} (--lora-rank)`] : []),
    ...(s['lora-modules'] === undefined ? ['adapters on every linear of a layer (--lora-modules)'] : []),
    ...(s['lora-dropout'] === undefined ? ['no dropout in adapters (--lora-dropout)'] : []),
  ];
  const dropout = dropoutFrom(s['lora-dropout'] ?? '0');
  return { lora: { rank, modules: modulesFrom(model, s['lora-modules'] ?? EVERY_MODULE), dropout }, assumed };
}

function modulesFrom(model: ModelSpec, text: string): LoraModule[] {
  const among = adaptableModules(model);
  const modules = text.split(/[,+]/).flatMap((word) => {
    const found = modulesNamed(word.trim(), among);
    if (found !== null) return found;
    const near = nearest(word.trim(), among);
    throw new InputError({
      message: `--lora-modules has "${word.trim()}", which ${model.name} does not have`,
      expected: `all, attention, mlp, or some of ${among.join(', ')}`,
      ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    });
  });
  return [...new Set(modules)];
}

function dropoutFrom(text: string): number {
  const parsed = parseQuantity(text, 'share');
  if (parsed.ok && parsed.value >= 0 && parsed.value < 1) return parsed.value;
  throw new InputError({
    message: `--lora-dropout is "${text}"`,
    expected: 'a share from 0 to 1, such as 0.05',
  });
}
