import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, it } from 'vitest';
import { parse } from 'yaml';
import { run } from '../fixtures/run.ts';
import { aBreak, broken } from './broken.ts';
import { expectSound } from './sound.ts';
import { timesMore } from './times.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EXAMPLES = 'configs/examples';
const files = readdirSync(EXAMPLES).map((name) => join(EXAMPLES, name));

describe('a plan file, edited in one place', () => {
  it('is emitted as a plan that holds, or refused in words', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), aBreak, fc.boolean(), async (file, how, json) => {
        const path = join(folder, 'plan.json');
        writeFileSync(
          path,
          JSON.stringify(parse(broken(readFileSync(file, 'utf8'), how), { uniqueKeys: false }), null, 2),
        );
        const [to] = (JSON.parse(readFileSync(file, 'utf8')) as { launchers: readonly string[] }).launchers;
        const where = json ? ['--to', 'json'] : ['--to', to!, '--out', join(folder, 'out'), '--force'];
        const ran = await run(['emit', path, ...where], { cwd: process.cwd() });
        expectSound(ran, `${file} ${JSON.stringify(how)}`);
      }),
      { numRuns: timesMore(300) },
    );
  });
});
