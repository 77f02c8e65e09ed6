import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { skipSchema } from '../../../src/schema/skip.ts';
import { run } from '../../fixtures/run.ts';

const ASKED = ['skip', 'llama-3.2-1b', 'four-regions', '--seq-length', '2048'] as const;

describe('a pipeline whose micro-batches skip stages', () => {
  it('is faster a micro-batch than the whole, and says what it costs', async () => {
    const { code, out } = await run([...ASKED, '--json']);
    expect(code).toBe(0);
    const document = JSON.parse(out);
    expect(violations(skipSchema, document)).toEqual([]);
    expect(document.skipping.secondsPerMicroBatch).toBeLessThan(document.full.secondsPerMicroBatch);
    expect(document.convergence[0]).toMatch(/perplexity/);
    const places = document.stages.flat();
    expect(new Set(places).size).toBe(12);
    for (const path of document.paths) {
      expect(path).toHaveLength(3);
      expect(document.stages[0]).toContain(path[0]);
    }
  });

  it('costs nothing in convergence where nothing is skipped', async () => {
    const { out } = await run([...ASKED, '--skip', '0', '--json']);
    expect(JSON.parse(out).convergence).toEqual([]);
  });

  it("writes SkipPipe's schedule.json and no script", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'skip-')), 'out');
    const { code } = await run([...ASKED, '--out', folder]);
    expect(code).toBe(0);
    const schedule = JSON.parse(readFileSync(join(folder, 'schedule.json'), 'utf8'));
    expect(Object.keys(schedule['ca-paths'])).toEqual(['0', '1', '2']);
    expect(schedule.partitions).toHaveLength(4);
    expect(schedule.delays).toHaveLength(12);
    // A node of the first stage sees its path three times: forward, loss, backward.
    const source = schedule.partitions[0][0];
    expect(schedule['ca-processing-order'][source]).toHaveLength(3);
  });

  it.each([
    [['--stages', '5'], /--stages is "5"/],
    [['--skip', '120%'], /--skip is "120%"/],
    [['--skip', '90%'], /paths of 0 of 4 stages/],
    [['--stages', '8'], /12 GPUs for 8 stages/],
  ])('%j is refused with what was expected', async (flags, message) => {
    const { code, err } = await run([...ASKED, ...flags]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
