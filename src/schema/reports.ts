import { plan } from './plan-object.ts';
import type { JsonSchema } from './validator.ts';

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const object = { type: 'object' };

const closed = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});

/** What `model show --json` prints. */
export const modelReportSchema: JsonSchema = {
  $id: 'shardwright.model-report/1',
  title: 'A model: architecture, exact parameters, FLOPs per token',
  ...closed({
    schema: { const: 'shardwright.model-report/1' },
    sha256: text,
    model: object,
    parameters: closed({
      embedding: count,
      positions: count,
      kinds: {
        type: 'array',
        items: closed({
          name: text,
          layers: count,
          perLayer: { type: 'object', additionalProperties: count },
        }),
      },
      finalNorm: count,
      lmHead: count,
      multiTokenPrediction: count,
      total: count,
      active: count,
    }),
    sequenceLength: count,
    flopsPerToken: { type: 'number' },
  }),
};

/** What `cluster show --json` prints: SI units, every figure resolved. */
export const clusterReportSchema: JsonSchema = {
  $id: 'shardwright.cluster-report/1',
  title: 'A cluster: groups with their GPUs, links and networks, and what was assumed',
  ...closed({
    schema: { const: 'shardwright.cluster-report/1' },
    sha256: text,
    gpus: count,
    cluster: object,
  }),
};

/** What `model list --json` and `cluster list --json` print. */
export const listSchema: JsonSchema = {
  $id: 'shardwright.list/1',
  title: 'Names of bundled models or clusters',
  ...closed(
    {
      schema: { const: 'shardwright.list/1' },
      models: { type: 'array', items: text },
      clusters: { type: 'array', items: text },
    },
    ['schema'],
  ),
};

/** What `emit --to json` writes. */
export const launchSchema: JsonSchema = {
  $id: 'shardwright.launch/1',
  title: "A plan as data for a runtime of one's own",
  ...closed({
    schema: { const: 'shardwright.launch/1' },
    origin: text,
    model: text,
    sequenceLength: count,
    globalBatchSize: count,
    precision: text,
    hosts: { type: 'array', items: closed({ host: text, gpuType: text, firstGpu: count, gpus: count }) },
    plan,
  }),
};
