import type { Parts, StageEstimate } from '../domain/estimate.ts';
import type { Problem } from '../domain/problem.ts';
import { GiB } from '../units/quantity.ts';
import { roundedParts } from '../units/rounded.ts';
import { wrap } from '../units/wrap.ts';
import type { Style } from './paint.ts';

/** Of the bar of the largest GPU, in marks. */
const WIDEST = 100;
/** More stages are counted. */
const MOST_ROWS = 32;

/** Everything that fills a GPU, part by part, to its device total. */
export function memoryParts({ memory }: StageEstimate): Parts {
  return {
    ...memory.allocated,
    'allocator reserve': memory.reservedBytes - memory.allocatedBytes,
    'context and communicators': memory.deviceBytes - memory.reservedBytes,
  };
}

/** The stage's number in its pipeline; after the pipeline's where there are several. */
export function namesOf(
  stages: readonly { readonly pipeline: number }[],
): (stage: { readonly pipeline: number; readonly stage: number }) => string {
  const several = stages.some(({ pipeline }) => pipeline > 0);
  return ({ pipeline, stage }) => (several ? `${pipeline}.${stage}` : `${stage}`);
}

/** A bar a stage, a letter a part, up to a mark for the limit: nothing that needs colour. */
export function memoryBars(
  { cluster }: Problem,
  stages: readonly StageEstimate[],
  { columns }: Style,
): string {
  const shown = stages.slice(0, MOST_ROWS);
  const name = namesOf(stages);
  const labels = shown.map((one) => `${name(one)} ${cluster.groups[one.group]!.gpu.id}`);
  const label = Math.max(...labels.map(({ length }) => length));
  const marks = Math.min(WIDEST, columns - label - 4);
  const most = Math.max(...shown.map(({ memory }) => Math.max(memory.limitBytes, memory.deviceBytes)));
  const unit = most / marks;
  const parts = [...new Set(shown.flatMap((one) => Object.keys(memoryParts(one))))];
  const letters = lettersOf(parts);
  const bars = shown.map((one, i) => {
    const own = memoryParts(one);
    const used = parts.map((part) => (own[part] ?? 0) / unit);
    const filled = roundedParts(used)
      .map((count, at) => letters.get(parts[at]!)!.repeat(count))
      .join('');
    const limit = Math.round(one.memory.limitBytes / unit);
    const bar =
      filled.length <= limit
        ? `${filled.padEnd(limit, '·')}|`
        : `${filled.slice(0, limit)}|${filled.slice(limit)}`;
    return `${labels[i]!.padEnd(label)}  ${bar}`;
  });
  const key = parts
    .filter((part) => shown.some((one) => (memoryParts(one)[part] ?? 0) >= unit / 2))
    .map((part) => `${letters.get(part)} ${part}`);
  const head = `memory by stage at its worst point, a mark is ${(unit / GiB).toFixed(2)} GiB: ${key.join(', ')}, · free, | limit`;
  const more = stages.length > MOST_ROWS ? [`… and ${stages.length - MOST_ROWS} more stages`] : [];
  return [wrap(head, columns), ...bars, ...more].join('\n');
}

/** For each name the first of its letters that no other has. */
export function lettersOf(names: readonly string[]): Map<string, string> {
  const letters = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of names) {
    const own = [...name.replaceAll(/[^a-z]/gi, ''), ...name.toUpperCase().replaceAll(/[^A-Z]/g, '')];
    const letter = own.find((one) => !taken.has(one)) ?? '#';
    taken.add(letter);
    letters.set(name, letter);
  }
  return letters;
}
