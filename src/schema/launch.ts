import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, list, text } from '../document/shapes.ts';
import { precision } from './costed.ts';
import { plan } from './plan-object.ts';

/** What `emit --to json` writes. */
export const launchSchema = documentSchema({
  $id: 'shardwright.launch/2',
  title: "A plan as data for a runtime of one's own",
  ...closed(
    {
      schema: { const: 'shardwright.launch/2' },
      origin: text,
      model: text,
      sequenceLength: count,
      globalBatchSize: count,
      precision,
      hosts: list(closed({ host: text, gpuType: text, firstGpu: count, gpus: count })),
      plan,
    },
    {
      packing: { ...text, description: 'As --packing has it.' },
      models: { ...text, description: 'As --models has it.' },
      optimizer: { ...text, description: 'As --optimizer has it; left out: adamw.' },
      training: closed({ train: text }, { 'lora-rank': text, 'lora-modules': text, 'lora-dropout': text }),
    },
  ),
});

export type LaunchDocument = DocumentOf<typeof launchSchema>;
