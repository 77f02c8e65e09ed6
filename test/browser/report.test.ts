import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, SMALL } from '../fixtures/run.ts';

/** Debian's; other places by name. Left out where there is none. */
const BROWSER = ['/usr/bin/chromium', process.env.CHROMIUM ?? ''].find(
  (path) => path !== '' && existsSync(path),
);

const here = mkdtempSync(join(tmpdir(), 'shardwright-'));
const HOSTILE = `</script><script>document.title = 'taken'</script><img src=x onerror="document.title = 'taken'">`;

/** A busy machine is no failure. */
const NO_LIMIT = 0;

/** A cluster and a model whose names are an attack, each as a file. */
function hostile(): readonly [string, string] {
  const text = (path: string) => readFileSync(path, 'utf8');
  const cluster = join(here, 'cluster.yaml');
  const model = join(here, 'model.yaml');
  const named = (yaml: string) => yaml.replace(/^name: .*$/m, `name: ${JSON.stringify(HOSTILE)}`);
  writeFileSync(cluster, named(text('configs/clusters/mixed-a100-v100.yaml')));
  writeFileSync(model, named(text('configs/models/llama-3.1-8b.yaml')));
  return [model, cluster];
}

const explained = join(here, 'explain.html');
const planned = join(here, 'plan.html');
const compared = join(here, 'compare.html');
const swept = join(here, 'sweep.html');

describe.skipIf(BROWSER === undefined)('a report in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    const [model, cluster] = hostile();
    const workload = ['--seq-length', '2048', '--global-batch', '64', '--precision', 'fp16'];
    const config = ['--config', 'tp=4,pp=4,dp=2,layers=10/10/6/6'];
    const written = await run(['explain', model, cluster, ...workload, ...config, '--report', explained]);
    expect(written).toMatchObject({ code: 0, err: `wrote ${explained}\n` });
    const ranked = await run(['plan', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--report', planned]);
    expect(ranked.code).toBe(0);
    const sizes = ['--gpus', '2..8', '--pareto', '--max', 'cp=1', '--report', swept];
    expect((await run(['plan', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, ...sizes])).code).toBe(0);
    const clusters = ['dgx-h100-8', 'dgx-a100-8', '4090-8'];
    const priced = ['--price', 'h100=2.5,a100=1.1,rtx-4090=0.4', '--report', compared];
    expect((await run(['compare', 'llama-3.2-1b', ...clusters, ...SMALL, ...priced])).code).toBe(0);
    browser = await chromium.launch({ executablePath: BROWSER!, args: ['--no-sandbox'] });
  }, NO_LIMIT);

  afterAll(() => browser.close(), NO_LIMIT);

  /** The page, and all that its console or its network say. */
  async function opened(file: string, width: number, colorScheme: 'light' | 'dark') {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) said.push(request.url());
    });
    await page.goto(`file://${file}`);
    await page.waitForFunction('document.documentElement.dataset.drawn !== undefined');
    return { page, said };
  }

  /** Moves over a chart until its tooltip says something. */
  async function hovered(page: Page, chart: string, words: RegExp): Promise<void> {
    const place = page.locator(chart);
    await place.scrollIntoViewIfNeeded();
    const box = (await place.boundingBox())!;
    for (let i = 2; i < 60; i++) {
      await page.mouse.move(box.x + (box.width * i) / 60, box.y + 50);
      if (words.test((await place.textContent()) ?? '')) return;
    }
    expect(await place.textContent()).toMatch(words);
  }

  it.each([
    [explained, 1280, 'light', 3],
    [explained, 390, 'dark', 3],
    [planned, 1280, 'dark', 4],
    [planned, 390, 'light', 4],
    [swept, 1280, 'light', 3],
    [swept, 390, 'dark', 3],
    [compared, 1280, 'light', 2],
    [compared, 390, 'dark', 2],
  ] as const)(
    '%s renders at %i pixels, %s, without an error or a request',
    async (file, width, scheme, charts) => {
      const { page, said } = await opened(file, width, scheme);
      expect(await page.evaluate('document.documentElement.dataset.drawn')).toBe(String(charts));
      // Something is painted on each canvas.
      const painted = await page.evaluate(`[...document.querySelectorAll('.chart canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    })`);
      for (const colors of painted as number[]) expect(colors).toBeGreaterThan(10);
      // Nothing is wider than the screen: what is wide scrolls by itself.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(scheme === 'dark' ? 'rgb(22, 24, 29)' : 'rgb(255, 255, 255)');
      expect(said).toEqual([]);
      await page.close();
    },
  );

  it('tells of a pass, and of a part of the step, under the pointer', async () => {
    const { page, said } = await opened(explained, 1280, 'light');
    await hovered(page, '#chart-1', /stage 0 a100-40-sxm: (forward|backward) of micro-batch \d+/);
    await hovered(page, '#chart-0', /ms, [\d.]+% of the step/);
    expect(said).toEqual([]);
    await page.close();
  });

  it('tells how sure a cluster is under the pointer', async () => {
    const { page, said } = await opened(compared, 1280, 'light');
    await hovered(page, '#chart-0', /dgx-h100-8.*, from [\d,]+ to [\d,]+/);
    await hovered(page, '#chart-1', /dgx-h100-8.*\$[\d.]+, from \$/);
    expect(said).toEqual([]);
    await page.close();
  });

  it('zooms into the timeline', async () => {
    const { page } = await opened(explained, 1280, 'light');
    const place = page.locator('#chart-1');
    await place.scrollIntoViewIfNeeded();
    const before = await place.screenshot();
    const box = (await place.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
    await page.mouse.wheel(0, -600);
    await page.waitForTimeout(300);
    expect((await place.screenshot()).equals(before)).toBe(false);
    await page.close();
  });

  it('sorts its table by numbers, up and down', async () => {
    const { page } = await opened(planned, 1280, 'light');
    const column = async (index: number) =>
      page.locator(`table >> nth=0 >> tbody tr td:nth-child(${index})`).allTextContents();
    const seconds = (texts: readonly string[]) =>
      texts.map((text) => Number.parseFloat(text) * (text.endsWith('ms') ? 1e-3 : 1));
    await page.getByRole('button', { name: 'step' }).first().click();
    const up = seconds(await column(2));
    expect(up).toEqual([...up].sort((a, b) => a - b));
    await page.getByRole('button', { name: 'step' }).first().click();
    expect(seconds(await column(2))).toEqual([...up].reverse());
    expect(await page.locator('th[aria-sort=descending]').count()).toBe(1);
    await page.close();
  });

  it('takes names from files as text', async () => {
    const { page } = await opened(explained, 1280, 'light');
    expect(await page.title()).toContain(HOSTILE);
    expect(await page.locator('h1').textContent()).toContain(HOSTILE);
    expect(await page.locator('img').count()).toBe(0);
    await page.close();
  });
});

it.each([
  ['llama-3.1-70b', 'dgx-h100-64', '64', 'tp=4,pp=8,dp=2,vpp=2'],
  ['llama-3.1-405b', 'dgx-h100-1024', '4096', 'tp=8,pp=16,dp=8,vpp=2,schedule=zb-v,recompute=full'],
  ['llama-3.1-405b', 'dgx-h100-1024', '4096', 'tp=8,pp=63,dp=2,vpp=2,recompute=full'],
])(
  'a report of %s on %s, batch %s, %s, is one file below two megabytes, the same bytes twice',
  async (model, cluster, batch, config) => {
    const file = join(here, 'twice.html');
    const workload = ['--seq-length', '4096', '--global-batch', batch];
    const command = ['explain', model, cluster, ...workload, '--config', config];
    const written = async () => {
      await run([...command, '--report', file]);
      return readFileSync(file, 'utf8');
    };
    const first = await written();
    expect(await written()).toBe(first);
    expect(statSync(file).size).toBeLessThan(2e6);
    expect(first).not.toMatch(/(src|href)="(?!data:)/);
  },
);
