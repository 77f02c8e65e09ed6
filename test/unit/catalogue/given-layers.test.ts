import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/catalogue/models.ts';
import { countParameters, flopsPerToken } from '../../../src/layers/parameters.ts';
import { passedOn } from '../../../src/layers/passed-on.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'given-'));

function load(layers: string, more = '') {
  const path = join(FOLDER, 'ours.yaml');
  writeFileSync(path, `schema: shardwright.model/1\n${more}layers:\n${layers}`);
  return () => loadModel(path).value;
}

const FIRST =
  '  - { count: 1, name: first, given: { input: 1 MB, parameters: 1000, flops: 2.0e9, saved: 3 MB, output: 2 MB } }\n';
const REST =
  '  - { count: 3, name: rest, given: { parameters: 500, flops: 1.0e9, saved: 5 MB, output: 4 MB } }\n';

describe('a model of layers given by their figures', () => {
  it('is counted in samples, each layer reading what the one before passes on', () => {
    const model = load(FIRST + REST)();
    expect(model).toMatchObject({ unit: 'samples', layers: [0, 1, 2, 2], vocabSize: 0 });
    expect(
      model.kinds.map(({ name, mixer }) => [name, (mixer as unknown as { inputBytes: number }).inputBytes]),
    ).toEqual([
      ['first', 1e6],
      ['rest', 2e6],
      ['rest', 4e6],
    ]);
    expect(passedOn(model)).toEqual({ bytes: [2e6, 4e6, 4e6, 4e6], least: 2e6, most: 4e6 });
    expect(countParameters(model)).toMatchObject({ total: 2500, active: 2500, embedding: 0, lmHead: 0 });
    expect(flopsPerToken(model, 1)).toBe(3 * (2e9 + 3 * 1e9));
  });

  it('passes on the residual stream where it is a decoder', () => {
    expect(passedOn(loadModel('llama-3.1-8b').value)).toBeNull();
  });

  it('has the parameters that are published', () => {
    // CLIP ViT-L/14: 428M; AmoebaNet-D as counted for GPipe's table 1.
    expect(countParameters(loadModel('clip-vit-l-14').value).total / 1e6).toBeCloseTo(428, -0.5);
    expect(countParameters(loadModel('amoebanet-d-18-256').value).total / 1e6).toBeCloseTo(122.5, 1);
  });

  it.each([
    ['a width beside them', FIRST, 'hiddenSize: 64\n', /hiddenSize beside layers given.*of decoders/s],
    [
      'a decoder layer among them',
      `${FIRST}  - { count: 1, mixer: { kind: softmax, heads: 8 } }\n`,
      '',
      /ours\.yaml:4.*without given/s,
    ],
    [
      'a mixer in one',
      `  - { count: 1, given: { input: 1 MB, parameters: 1, flops: 1, saved: 1 MB, output: 1 MB }, mixer: { kind: softmax, heads: 8 } }\n`,
      '',
      /mixer beside given/,
    ],
    ['no input of the first', REST, '', /missing key "input"/],
    [
      'an input of another',
      FIRST + REST.replace('parameters', 'input: 1 MB, parameters'),
      '',
      /input is "1 MB" behind the first/,
    ],
    ['neither times nor FLOPs', FIRST.replace('flops: 2.0e9, ', ''), '', /neither times nor flops/],
    [
      'times on no GPU',
      FIRST.replace('flops: 2.0e9', 'times: { h101: { forward: 1 ms, backward: 2 ms } }'),
      '',
      /times of "h101".*gpu list/s,
    ],
    ['bytes without a unit', FIRST.replace('3 MB', '3000'), '', /saved is|saved.*string/s],
    [
      'too many of them',
      REST.replace('count: 3', 'count: 10000').replace('given: {', 'given: { input: 1 MB,') + REST,
      '',
      /10003 layers/,
    ],
    [
      'no width of a decoder',
      '  - { count: 1, mixer: { kind: softmax, heads: 8 } }\n',
      '',
      /missing key "hiddenSize"/,
    ],
  ])('is refused with %s', (_, layers, more, message) => {
    expect(() => load(layers, more)()).toThrow();
    try {
      load(layers, more)();
    } catch (error) {
      expect(
        `${error}\n${(error as { problem?: { expected?: string; at?: { line: number; path: string } } }).problem?.expected}\n${JSON.stringify((error as { problem?: unknown }).problem)}`,
      ).toMatch(message);
    }
  });
});
