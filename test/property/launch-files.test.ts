import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../src/domain/input-error.ts';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import { sourceOf } from '../fixtures/source.ts';

/** A file of each launcher whose files are read. */
const FILES: Readonly<Record<string, string>> = {
  megatron: 'test/fixtures/launch/megatron_llama3_70b_64h100.sbatch',
  'megatron-bridge': 'test/fixtures/launch/bridge_llama3_70b_64h100.sh',
  torchtitan: 'test/fixtures/launch/torchtitan_plan.py',
  deepspeed: 'test/fixtures/launch/deepspeed_llama3_70b_64h100.json',
  flagscale: 'test/fixtures/launch/flagscale_llama3_8b_unlike.yaml',
  holmes: 'test/golden/snapshots/launch/holmes/arguments.txt',
  nanotron: 'test/fixtures/launch/nanotron_llama3_70b_64h100.partial.yaml',
  primus: 'test/fixtures/launch/primus_llama3_70b_64.yaml',
  zorse: 'test/golden/snapshots/launch/zorse/zorse_config.json',
  cephalo: 'test/golden/snapshots/launch/cephalo/cephalo_config.json',
  hexiscale: 'test/golden/snapshots/launch/hexiscale/arguments.txt',
  json: 'test/golden/snapshots/launch/json/plan.json',
};
const READING = LAUNCHERS.filter((launcher) => launcher.reader !== undefined);

/** What slips and bad edits do to a file: a stretch goes, is doubled, or becomes something else. */
const EDITS = fc.array(
  fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(
      '',
      '0',
      '-1',
      '1e9',
      'null',
      '[]',
      '{}',
      '"',
      "'",
      '(',
      ')',
      ',',
      ':',
      '=',
      '\n',
      '--',
      '$X',
      'é',
      '*',
    ),
  ),
  { minLength: 1, maxLength: 4 },
);

it.each(READING)('$id: an edited file is read, or refused with an InputError', (launcher) => {
  const original = readFileSync(FILES[launcher.id]!, 'utf8');
  fc.assert(
    fc.property(EDITS, (edits) => {
      let text = original;
      for (const [where, length, put] of edits) {
        const at = Math.floor(where * text.length);
        text = text.slice(0, at) + put + text.slice(at + length);
      }
      try {
        const file = launcher.reader!.read(sourceOf(text));
        expect(file.violations(64).every(({ line }) => line >= 1)).toBe(true);
        file.asked();
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
      }
    }),
    { seed: 6, numRuns: 300 },
  );
});
