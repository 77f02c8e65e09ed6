import { expect, it } from 'vitest';
import { GiB } from '../../../src/units/quantity.ts';
import { run } from '../../fixtures/run.ts';

const ON = ['llama-3.1-8b', 'dgx-h100-8', '--seq-length', '4k', '--global-batch', '16'] as const;
const CONFIG = ['--config', 'tp=2,dp=4'] as const;
const WIDE = { columns: 200 };

async function estimated(...flags: string[]) {
  const { out } = await run(['estimate', ...ON, ...CONFIG, '--json', ...flags]);
  const { problem, stages, verdict } = JSON.parse(out);
  return { problem, verdict, peak: stages[0].peakMemoryBytes, limit: stages[0].memoryLimitBytes };
}

it('--reserve takes from the limit what it says, and from what a plan takes nothing', async () => {
  const usual = await estimated();
  const reserved = await estimated('--reserve', '20GiB');
  expect(usual.limit - reserved.limit).toBeCloseTo(20 * GiB, 0);
  expect(reserved.peak).toBe(usual.peak);
  expect(reserved.problem.reservedBytes).toBe(20 * GiB);
  expect(usual.problem).not.toHaveProperty('reservedBytes');
  expect((await estimated('--reserve', `${reserved.limit - usual.peak + 25 * GiB}B`)).verdict).toBe(
    'does-not-fit',
  );
});

it('--headroom in GiB is as much on every GPU', async () => {
  const none = await estimated('--headroom', '0%');
  const some = await estimated('--headroom', '6GiB');
  expect(none.limit - some.limit).toBeCloseTo(6 * GiB, 0);
  expect(some.problem).toMatchObject({ headroom: 0, headroomBytes: 6 * GiB });
});

it('what is reserved is said wherever a limit is printed', async () => {
  const flags = ['--reserve', '20GiB', '--headroom', '4GiB'];
  const said = '4.00 GiB headroom, 20.0 GiB reserved';
  for (const command of ['estimate', 'explain'])
    expect((await run([command, ...ON, ...CONFIG, ...flags], WIDE)).out).toContain(
      `Limit: GPU memory less ${said}.`,
    );
  const plan = await run(['plan', ...ON, ...flags, '--top', '1'], WIDE);
  expect(plan.out).toContain(said);
  expect(plan.out).toMatch(/--headroom 4GiB --reserve 20GiB/);
  const compare = await run(
    ['compare', 'llama-3.1-8b', 'dgx-h100-8', 'dgx-a100-8', ...ON.slice(2), ...flags],
    WIDE,
  );
  expect(compare.out).toContain(`bf16, ${said}`);
  const nothing = await run(
    ['plan', 'llama-3.1-8b', '4090-1', ...ON.slice(2), '--reserve', '20GiB', '--headroom', '1%'],
    WIDE,
  );
  expect(nothing.code).toBe(3);
  expect(nothing.out).toMatch(
    /limit GPU memory less headroom and 20\.0 GiB reserved|GiB, 20\.0 GiB reserved/,
  );
});

it.each([
  [['--reserve', '20'], /--reserve is "20"/, /Maybe "20 GiB"\./],
  [['--reserve', '20%'], /--reserve is "20%"/, /Maybe --headroom 20%, which is a share, or bytes: "20GiB"/],
  [['--headroom', '4gb'], /--headroom is "4gb"/, /Maybe "4 GB" or "4 GiB"/],
  [['--reserve', '4G'], /--reserve is "4G"/, /Maybe "4 GB" or "4 GiB"/],
  [['--reserve', '75GiB'], /take 81\.\d GiB of each GPU/, /of h100-sxm/],
  [['--headroom', '5'], /--headroom is "5"/, /Maybe "5GiB" or "5%"/],
  [['--headroom', '100%'], /--headroom is "100%"/, /^(?!.*Maybe)/s],
  [['--headroom', '-1GiB'], /--headroom is "-1GiB"/, /such as 4GiB/],
])('refuses %j', async (flags, message, rest) => {
  const { code, err } = await run(['estimate', ...ON, ...CONFIG, ...flags]);
  expect(code).toBe(2);
  expect(err).toMatch(message);
  expect(err).toMatch(rest);
});
