import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/catalogue/models.ts';
import { countParameters, countTrainable } from '../../../src/layers/parameters.ts';
import { allTowers } from '../../../src/layers/towers.ts';
import { run } from '../../fixtures/run.ts';
import { trained } from '../../fixtures/trained.ts';

const scratch = mkdtempSync(join(tmpdir(), 'towers-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const TEXT = {
  model_type: 'llama',
  hidden_size: 4096,
  intermediate_size: 11008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  vocab_size: 32064,
};
const CLIP = {
  model_type: 'clip_vision_model',
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  image_size: 336,
  patch_size: 14,
};
const SIGLIP = {
  model_type: 'siglip_vision_model',
  hidden_size: 1152,
  intermediate_size: 4304,
  num_hidden_layers: 27,
  num_attention_heads: 16,
  image_size: 896,
  patch_size: 14,
  vision_use_head: false,
};

/** Each config with all parameters that transformers 5.18.0 instantiates for it, and the biases its routers choose experts by. */
const TOTALS = JSON.parse(readFileSync('test/fixtures/multimodal-totals.json', 'utf8')) as {
  readonly name: string;
  readonly total: number;
  readonly config: Record<string, unknown>;
}[];

function fileOf(name: string, vision: object): string {
  const path = join(scratch, `${name}.json`);
  writeFileSync(path, JSON.stringify({ model_type: 'llava', vision_config: vision, text_config: TEXT }));
  return path;
}

const WORK = ['--seq-length', '2048', '--global-batch', '16', '--config', 'dp=8,zero=1'] as const;

describe('towers of a multimodal model', () => {
  it.each([
    // openai/clip-vit-large-patch14-336 and the so400m of gemma-3, as transformers instantiates them.
    ['clip', CLIP, 303_507_456],
    ['siglip', SIGLIP, 416_866_032],
  ])('%s: counted exactly, beside the decoder', (name, vision, count) => {
    const model = loadModel(fileOf(name, vision)).value;
    const projector = 4096 * (1024 + 4096 + 2) + (name === 'clip' ? 0 : 4096 * 128);
    expect(allTowers(model)).toBe(count + projector);
    const { total } = countParameters(model);
    expect(total).toBe(countParameters({ ...model, towers: [] }).total);
    expect(countTrainable(model)).toBe(total + count + projector);
    expect(countTrainable(trained(model, 'full,vision=frozen'))).toBe(total + projector);
    expect(countTrainable(trained(model, 'decoder=frozen,vision=full,projector=frozen'))).toBe(count);
  });

  it.each(TOTALS)('$name: with its towers and what joins them $total', ({ name, total, config }) => {
    const path = join(scratch, `${name.replaceAll(/\W/g, '-')}.json`);
    writeFileSync(path, JSON.stringify(config));
    const model = loadModel(path).value;
    expect(countParameters(model).total + allTowers(model)).toBe(total);
  });

  it('of a kind that is not known are told, and what joins it is not guessed', () => {
    const model = loadModel(fileOf('unknown', { ...CLIP, model_type: 'of_my_own' })).value;
    expect(model.towers).toEqual([
      { name: 'vision', kind: 'of_my_own', weights: null },
      { name: 'projector', kind: 'llava', weights: null },
    ]);
  });

  it('are held, trained or frozen, and said', async () => {
    const path = fileOf('held', CLIP);
    const estimated = async (...flags: string[]) =>
      JSON.parse((await run(['estimate', path, 'dgx-h100-8', ...WORK, '--json', ...flags])).out);
    const bytes = (document: { stages: { memory: Record<string, number> }[] }) => document.stages[0]!.memory;
    const [all, frozen] = [await estimated(), await estimated('--train', 'vision=frozen')];
    const n = 303_507_456;
    expect(all.problem.training.towers).toEqual({ vision: 'full', projector: 'full' });
    expect(frozen.problem.training.towers).toEqual({ vision: 'frozen', projector: 'full' });
    expect(bytes(all).gradients! - bytes(frozen).gradients!).toBe(4 * n);
    expect(bytes(all)['optimizer states']! - bytes(frozen)['optimizer states']!).toBe((12 * n) / 8);
    expect(bytes(all).weights).toBe(bytes(frozen).weights);
    expect(all.assumptions.join()).toContain('vision tower (clip_vision_model, 304M parameters): held');
    expect(frozen.assumptions.join()).toContain('with the embedding, frozen;');
  });

  it('see images, whose patches take time and are kept for backward where the tower is trained', async () => {
    const path = fileOf('seen', SIGLIP);
    const estimated = async (...flags: string[]) =>
      JSON.parse((await run(['estimate', path, 'dgx-h100-8', ...WORK, '--json', ...flags])).out);
    const [none, one, many, frozen, again] = [
      await estimated('--images', '0'),
      await estimated(),
      await estimated('--images', '4'),
      await estimated('--images', '4', '--train', 'vision=frozen'),
      await estimated('--images', '4', '--config', 'dp=8,zero=1,recompute=full'),
    ];
    const part = (document: { time: Record<string, number> }) => document.time['embedding, head and loss']!;
    const kept = (document: typeof none) => document.stages[0].memory.activations;
    // Two micro-batches of one sequence. Linears and attention, forward and backward, at less than the peak of an H100.
    const linear = 2 * (4 * 1152 ** 2 + 2 * 1152 * 4304);
    const flops = 2 * 27 * 4 * 4096 * (3 * linear + 3 * 4 * 4096 * 1152);
    expect(part(many) - part(none)).toBeGreaterThan(flops / 989e12);
    expect(part(many) - part(none)).toBeLessThan((4 * flops) / 989e12);
    expect(part(one)).toBeGreaterThan(part(none));
    // Half of forward, and less than a third of it all: no backward, nothing kept.
    expect(part(frozen) - part(none)).toBeLessThan(0.5 * (part(many) - part(none)));
    expect(part(frozen)).toBeGreaterThan(part(none));
    // 16 bits: inputs of two norms and of what follows them (4), q, k, v and attention's output (4), two widths of the MLP; lse beside.
    const bytes = 27 * 4096 * (2 * (8 * 1152 + 2 * 4304) + 4 * 16) + 2 * 4096 * 588;
    expect(kept(many) - kept(none)).toBeCloseTo(4 * bytes, -6);
    expect(kept(frozen)).toBe(kept(none));
    expect(kept(again)).toBeLessThan(kept(many) / 4);
    expect(one.assumptions.join()).toContain('1 image of 4096 patches in a sequence (--images)');
    expect(many.assumptions.join()).toContain('4 images of 4096 patches in a sequence, worked out whole');
    const bad = await run(['estimate', 'llama-3.1-8b', 'dgx-h100-8', ...WORK, '--images', '2']);
    expect(bad.err).toContain('--images is "2", but llama-3.1-8b has no tower that is known');
  });

  it('of a kind that is not known are left out, with a line that says so', async () => {
    const path = fileOf('odd', { model_type: 'odd_vision', hidden_size: 64 });
    const { out } = await run(['estimate', path, 'dgx-h100-8', ...WORK], { columns: 200 });
    expect(out).toContain('Assumed: vision tower (odd_vision): left out, its weights and its time.');
    expect((await run(['model', 'show', path])).out).toContain('not counted: odd_vision');
  });
});
