import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, size, some, text } from '../document/shapes.ts';
import { PROVENANCES } from '../domain/provenance.ts';

export const shapeSchema = documentSchema({
  $id: 'shardwright.shape/1',
  title: 'One type of host that a cloud rents',
  ...closed(
    {
      schema: { const: 'shardwright.shape/1' },
      id: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' },
      name: text,
      types: {
        ...some({ type: 'string', pattern: '^[a-z0-9][a-z0-9._-]*$' }),
        description: 'What labels of nodes and features of Slurm call it, in lower case: p5.48xlarge.',
      },
      gpu: { type: 'string', description: 'A GPU of hardware-profiles/gpus.' },
      gpusPerNode: size,
      intraNode: { type: 'string', description: 'A link of hardware-profiles/links.' },
      nic: closed({ link: text, perNode: size }),
      provenance: { enum: PROVENANCES },
      source: text,
    },
    {
      fastDomainGpus: { ...size, description: 'GPUs in one scale-up domain, if it is not the node.' },
    },
  ),
});

export type ShapeDocument = DocumentOf<typeof shapeSchema>;
