import { clusterSchema } from './cluster.ts';
import { gpuSchema } from './gpu.ts';
import { layerProfileSchema } from './layer-profile.ts';
import { linkSchema } from './link.ts';
import { modelSchema } from './model.ts';
import {
  compareOutputSchema,
  errorOutputSchema,
  estimateOutputSchema,
  planOutputSchema,
  sweepOutputSchema,
} from './plan-output.ts';
import { clusterReportSchema, launchSchema, listSchema, modelReportSchema } from './reports.ts';
import { stackSchema } from './stack.ts';
import type { JsonSchema } from './validator.ts';

/** Every document read or written, by the name `shardwright schema` takes. */
export const SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  model: modelSchema,
  cluster: clusterSchema,
  gpu: gpuSchema,
  link: linkSchema,
  stack: stackSchema,
  'layer-profile': layerProfileSchema,
  plan: planOutputSchema,
  estimate: estimateOutputSchema,
  compare: compareOutputSchema,
  sweep: sweepOutputSchema,
  error: errorOutputSchema,
  'model-report': modelReportSchema,
  'cluster-report': clusterReportSchema,
  list: listSchema,
  launch: launchSchema,
};

/** The published form: JSON Schema 2020-12. */
export function published(schema: JsonSchema): string {
  return `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema }, null, 2)}\n`;
}
