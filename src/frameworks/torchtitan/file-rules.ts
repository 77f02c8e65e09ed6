import type { FileRule } from '../reading/file-rule.ts';
import { DEGREE_FILE_RULES } from './degree-file-rules.ts';
import { PIPELINE_FILE_RULES } from './pipeline-file-rules.ts';
import type { TitanRun } from './run.ts';
import type { TitanSizes } from './sizes.ts';
import { TECHNIQUE_FILE_RULES } from './technique-file-rules.ts';
import { VALUE_FILE_RULES } from './value-file-rules.ts';

/** What torchtitan asks of a recipe. */
export const TITAN_FILE_RULES: readonly FileRule<TitanRun, TitanSizes>[] = [
  ...DEGREE_FILE_RULES,
  ...PIPELINE_FILE_RULES,
  ...TECHNIQUE_FILE_RULES,
  ...VALUE_FILE_RULES,
];
