import { microBatchSizeIn } from '../../domain/plan.ts';
import { no, type Rule } from './rule.ts';

export const oneSizeOfCopies =
  (name: string): Rule =>
  (_, plan) => {
    const stages = plan.pipelines.flatMap((one) => one.stages);
    for (const stage of stages) {
      const sizes = new Set(stage.replicas.map((block) => microBatchSizeIn(stage, block)));
      if (sizes.size > 1)
        return no(
          'micro-batch-per-copy',
          `micro-batches of ${[...sizes].join(', ')} sequences on copies of a stage`,
          `one size in ${name}`,
        );
    }
    return null;
  };

export const equalStateShares =
  (name: string): Rule =>
  (_, plan) => {
    const blocks = plan.pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas));
    const parts = new Set(blocks.map(({ stateParts = 1 }) => stateParts));
    return parts.size <= 1
      ? null
      : no(
          'equal-state-shares',
          `copies that keep ${[...parts].join(', ')} parts of the states`,
          `equal shards in ${name}`,
        );
  };
