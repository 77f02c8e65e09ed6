import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping, readDocument } from '../catalogue/document.ts';
import { InputError } from '../domain/input-error.ts';
import { nearest } from '../units/nearest.ts';
import type { Io } from './io.ts';

/** Options that may also stand in SHARDWRIGHT_* variables or in ./shardwright.yaml. */
export const SETTING_KEYS = [
  'seq-length',
  'global-batch',
  'precision',
  'optimizer',
  'train',
  'lora-rank',
  'lora-modules',
  'lora-dropout',
  'images',
  'launcher',
  'stack',
  'top',
  'fix',
  'allow',
  'max',
  'headroom',
  'reserve',
  'packing',
  'routing',
  'models',
  'time-limit',
  'layer-profile',
  'calibration',
  'objective',
  'rank',
  'threads',
  'max-evaluations',
  'warm-start',
  'gpu-types',
  'max-gpus',
  'drop-slow',
  'price',
] as const;
type SettingKey = (typeof SETTING_KEYS)[number];
export type Settings = Readonly<Partial<Record<SettingKey, string>>>;

/** Flags over environment over ./shardwright.yaml. */
export function settings(flags: Readonly<Record<string, unknown>>, io: Io): Settings {
  const merged: Partial<Record<SettingKey, string>> = { ...fromFile(io) };
  for (const key of SETTING_KEYS) {
    const variable = io.env[`SHARDWRIGHT_${key.replaceAll('-', '_').toUpperCase()}`];
    if (variable !== undefined && variable !== '') merged[key] = variable;
    const flag = flags[camel(key)];
    if (typeof flag === 'string') merged[key] = flag;
  }
  return merged;
}

function camel(key: string): string {
  return key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function fromFile(io: Io): Partial<Record<SettingKey, string>> {
  const path = join(io.cwd, 'shardwright.yaml');
  if (!existsSync(path)) return {};
  const document = readDocument(path);
  if (!isMapping(document.value)) {
    throw new InputError({
      message: 'shardwright.yaml holds no mapping',
      expected: SETTING_KEYS.join(', '),
      at: document.locate(''),
    });
  }
  const result: Partial<Record<SettingKey, string>> = {};
  for (const [key, value] of Object.entries(document.value)) {
    const known = SETTING_KEYS.find((one) => one === key);
    if (known === undefined) {
      const near = nearest(key, SETTING_KEYS);
      throw new InputError({
        message: `unknown key "${key}"`,
        expected: `one of ${SETTING_KEYS.join(', ')}`,
        at: document.locate(`/${key}`),
        ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
      });
    }
    const text = textOf(value);
    if (text === null) {
      throw new InputError({
        message: `${key} is ${JSON.stringify(value)}`,
        expected: 'text or a number, a list of them, or a mapping to them',
        at: document.locate(`/${key}`),
      });
    }
    result[known] = text;
  }
  return result;
}

/** As a flag has it: a list `a,b`, a mapping `a=1,b=2`. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return joined(value.map(textOf));
  if (!isMapping(value)) return null;
  return joined(
    Object.entries(value).map(([key, one]) => {
      const text = typeof one === 'object' ? null : textOf(one);
      return text === null ? null : `${key}=${text}`;
    }),
  );
}

function joined(texts: readonly (string | null)[]): string | null {
  return texts.includes(null) ? null : texts.join(',');
}
