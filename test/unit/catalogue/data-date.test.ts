import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DATA_DATE } from '../../../src/catalogue/data-date.ts';
import { run } from '../../fixtures/run.ts';

const FOLDERS = ['hardware-profiles', 'configs/clusters', 'configs/models', 'configs/stacks'];
const DAY = /\b20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b/g;

it('the date of the data is the latest that a file of them names', () => {
  const days = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.yaml'))
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').match(DAY) ?? []),
  );
  expect(days.sort().at(-1), 'src/catalogue/data-date.ts').toBe(DATA_DATE);
});

it('--version tells the version and the date of the data', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect((await run(['--version'])).out).toBe(`${version} (data of ${DATA_DATE})\n`);
});
