import { expect, it } from 'vitest';
import { listModels, loadModel } from '../../../src/catalogue/models.ts';
import { modelDocument, modelTable } from '../../../src/reporters/listing.ts';
import { expectNarrow, NARROW, tableOf } from './fixture.ts';

const count = (text: string) => Number(text.replaceAll(',', ''));

/** Rows of `name  figure`; `tied` counts nothing. */
function parameters(text: string) {
  return tableOf(text, 'parameters').map(([row, figure]) => ({
    row: row!,
    figure: figure === 'tied' ? 0 : count(figure!),
  }));
}

it('parameters of a model sum to its total: the ends, and each kind of layer, whose parts sum to it', () => {
  for (const name of listModels()) {
    const model = loadModel(name).value;
    const rows = parameters(modelTable(model, NARROW));
    const kinds = new Map<string, number>();
    let [sum, layers, times, kind] = [0, 0, 0, ''];
    for (const { row, figure } of rows.slice(
      0,
      rows.findIndex((one) => one.row === 'total'),
    )) {
      const [, n] = /^(\d+) × .* layer$/.exec(row) ?? [];
      if (n !== undefined) {
        [kind, times] = [row, Number(n)];
        layers += times;
        kinds.set(kind, figure);
      }
      if (row.endsWith(' per layer')) kinds.set(kind, kinds.get(kind)! - times * figure);
      else sum += figure;
    }
    expect(rows.find(({ row }) => row === 'total')!.figure, name).toBe(sum);
    expect([...kinds.values()], `${name}: kinds less their parts`).toEqual([...kinds].map(() => 0));
    expect(layers, name).toBe(model.layers.length);
    expectNarrow(modelTable(model, NARROW), 80);
  }
});

it('FLOPs of a model are quoted at a sequence that it can take', () => {
  const { maxSequenceLength: _, ...model } = loadModel('gpt3-175b').value;
  const at = (most: number) => modelDocument({ ...model, maxSequenceLength: most }, '').sequenceLength;
  expect([at(2048), at(131_072), modelDocument(model, '').sequenceLength]).toEqual([2048, 4096, 4096]);
});
