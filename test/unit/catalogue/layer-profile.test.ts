import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import { loadLayerProfile } from '../../../src/catalogue/layer-profiles.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { InputError } from '../../../src/domain/input-error.ts';

const llama = loadModel('llama-3.1-8b').value;
const deepseek = loadModel('deepseek-v2-lite').value;

const ENTRY = `  - gpu: h100-sxm
    tensorParallel: 2
    sequenceLength: 4096
    points:
`;
const POINTS = `      - { microBatch: 1, forward: 10 ms, backward: 20 ms, saved: 500 MiB }
      - { microBatch: 4, forward: 34 ms, backward: 68 ms, saved: 2000 MiB }
`;
const text = (points: string) =>
  `schema: shardwright.layer-profile/1\nname: mine\nentries:\n${ENTRY}${points}`;

function written(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'profile-')), 'profile.yaml');
  writeFileSync(path, content);
  return path;
}

function refusal(content: string, model = llama): string {
  try {
    loadLayerProfile(written(content), model);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const having = (line: string) => text(POINTS).replace('    points', `    ${line}\n    points`);

describe('a file of measured layers', () => {
  it('is of whole layers of any kind, on one rank of everything, where it does not say', () => {
    const [entry] = loadLayerProfile(written(text(POINTS)), llama).entries;
    expect(entry).toMatchObject({ part: 'layer', layerKind: null, precision: null });
    expect(entry).toMatchObject({ contextParallel: 1, expertParallel: 1, expertTensorParallel: 1 });
  });

  it('has ends of the model, precisions and degrees where it does', () => {
    const { entries } = loadLayerProfile(
      written(
        `${text(POINTS)}${ENTRY.replace('    points', '    part: head\n    precision: fp8\n    contextParallel: 2\n    points')}${POINTS}`,
      ),
      llama,
    );
    expect(entries[1]).toMatchObject({ part: 'head', precision: 'fp8', contextParallel: 2 });
  });

  it('names a GPU by the id in a file of the user, or by the path of that file', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'gpu-')), 'ours.yaml');
    const source = loadGpu('h100-sxm');
    const own = { ...source, id: 'ours' };
    const content = text(POINTS).replace('h100-sxm', 'Ours');
    expect(loadLayerProfile(written(content), llama, [own]).entries[0]!.gpu).toBe('ours');
    expect(refusal(content)).toMatch(/unknown GPU "Ours"/);
    expect(refusal(text(POINTS).replace('h100-sxm', path))).toMatch(/:4:10: no file/);
  });

  it.each([
    [
      'zero time',
      text('      - { microBatch: 1, forward: 0 ms, backward: 2 ms }\n'),
      /:8:\d+: forward is "0 ms"/,
    ],
    [
      'negative time',
      text('      - { microBatch: 1, forward: -1 ms, backward: 2 ms }\n'),
      /:8:\d+: forward is "-1 ms"/,
    ],
    [
      'falling order',
      text(
        '      - { microBatch: 2, forward: 1 ms, backward: 2 ms }\n      - { microBatch: 1, forward: 1 ms, backward: 2 ms }\n',
      ),
      /:9:\d+: micro-batch 1 follows 2/,
    ],
    [
      'more work in less time',
      text(
        '      - { microBatch: 1, forward: 9 ms, backward: 20 ms }\n      - { microBatch: 2, forward: 2 ms, backward: 40 ms }\n',
      ),
      /:9:\d+: forward of micro-batch 2 is 2 ms, of 1 it is 9 ms/,
    ],
    [
      'an unknown GPU',
      text(POINTS).replace('h100-sxm', 'h100-smx'),
      /:4:10: unknown GPU "h100-smx"[\s\S]*Maybe/,
    ],
    ['an unknown kind', having('layerKind: moe'), /:7:16: layerKind is "moe", which llama/],
    [
      'a kind of an end',
      having('part: loss\n    layerKind: dense'),
      /layerKind is "dense", but the entry is of the loss/,
    ],
    ['an unknown part', having('part: heads'), /:7:\d+: .*part/],
    ['an unknown precision', having('precision: bf17'), /:7:\d+: .*precision/],
    ['experts where there are none', having('expertParallel: 8'), /expertParallel is 8, but such a layer/],
    [
      'the same twice',
      `${text(POINTS)}${ENTRY}${POINTS}`,
      /:10:\d+: a second entry for the layer on h100-sxm[\s\S]*line 4/,
    ],
    [
      'the same in any precision and in one',
      `${text(POINTS)}${ENTRY.replace('    points', '    precision: bf16\n    points')}${POINTS}`,
      /a second entry/,
    ],
  ])('is refused with %s', (_, content, message) => {
    expect(refusal(content)).toMatch(message);
  });

  it('may have experts dealt out for layers that have them only', () => {
    const { entries } = loadLayerProfile(written(having('layerKind: moe\n    expertParallel: 8')), deepseek);
    expect(entries[0]!.expertParallel).toBe(8);
    expect(refusal(having('layerKind: dense\n    expertParallel: 8'), deepseek)).toMatch(/has no experts/);
  });
});
