import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/catalogue/models.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { countParameters } from '../../../src/layers/parameters.ts';

const folder = mkdtempSync(join(tmpdir(), 'own-models-'));

function modelOf(name: string, body: string) {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, `schema: shardwright.model/1\n${body}`);
  return loadModel(path).value;
}

const PHI = `hiddenSize: 2560
vocabSize: 51200
norm: { kind: layer, perLayer: 1 }
headBias: true
parallelResidual: true
layers:
  - count: 32
    mixer: { kind: softmax, heads: 32, qkvBias: true, outBias: true }
    ffn: { kind: dense, ffnHiddenSize: 10240, gated: false, bias: true }
`;
const BLOOM = `hiddenSize: 1024
vocabSize: 250880
tiedEmbeddings: true
norm: { kind: layer }
embeddingNorm: true
alibi: true
layers:
  - count: 24
    mixer: { kind: softmax, heads: 16, qkvBias: true, outBias: true }
    ffn: { kind: dense, ffnHiddenSize: 4096, gated: false, bias: true }
`;
const COMMAND = `hiddenSize: 8192
vocabSize: 256000
tiedEmbeddings: true
norm: { kind: layer, perLayer: 1, bias: false }
parallelResidual: true
layers:
  - { count: 40, mixer: { kind: softmax, heads: 64 }, ffn: { kind: dense, ffnHiddenSize: 22528 } }
`;
const BITNET = `hiddenSize: 2560
vocabSize: 128256
tiedEmbeddings: true
layers:
  - count: 30
    mixer: { kind: softmax, heads: 20, kvHeads: 5, subNorm: true }
    ffn: { kind: dense, ffnHiddenSize: 6912, activation: squared-relu, subNorm: true }
`;

describe('a model in YAML', () => {
  // Totals of phi-2, bloom-560m, command-r and bitnet-b1.58-2b, as in test/fixtures/hub-families.json.
  it.each([
    ['phi-2', PHI, 2_779_683_840],
    ['bloom-560m', BLOOM, 559_214_592],
    ['command-r', COMMAND, 34_980_831_232],
    ['bitnet', BITNET, 2_412_820_480],
  ])('says what %s has', (name, body, total) => {
    expect(countParameters(modelOf(name, body)).total).toBe(total);
  });

  it('says what changes no count', () => {
    const body = BITNET.replace('subNorm: true }\n    ffn', 'rope: false, chunk: 2048 }\n    ffn');
    const { kinds, norm } = modelOf(
      'others',
      body.replace('layers:', 'norm: { kind: rms, after: true }\nlayers:'),
    );
    expect(kinds[0]!.mixer).toMatchObject({ rope: false, chunk: 2048 });
    expect(kinds[0]!.ffn).toMatchObject({ activation: 'squared-relu' });
    expect(norm).toEqual({ kind: 'rms', perLayer: 2, after: true });
  });

  it('has norms without weights', () => {
    const plain = countParameters(modelOf('plain', BLOOM));
    const bare = countParameters(modelOf('bare', BLOOM.replace('kind: layer', 'kind: layer, scale: false')));
    expect(plain.total - bare.total).toBe((2 * 24 + 2) * 1024);
  });

  it('refuses an activation that is none', () => {
    expect(() => modelOf('odd', BITNET.replace('squared-relu', 'tanh'))).toThrow(InputError);
  });
});
