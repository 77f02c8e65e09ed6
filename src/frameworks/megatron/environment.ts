import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { zero } from '../../techniques/zero.ts';

/** Tensor and context parallelism need one connection on GPUs that start kernels in order only so; Megatron-FSDP forbids it. */
export function megatronEnvironment({ cluster }: Problem, plan: Plan): Record<string, string> {
  const { tp, cp } = degreesOf(plan);
  const older = plan.pipelines[0]!.stages.some(({ replicas }) =>
    replicas.some((block) => cluster.groups[block.group]!.gpu.kernels.oneConnection),
  );
  const one = (tp > 1 || cp > 1) && older && !isFullySharded(plan);
  return one ? { CUDA_DEVICE_MAX_CONNECTIONS: '1' } : {};
}

/** Lines of launch.sh: what the shell that starts it may have set is no exception to what Megatron-FSDP forbids. */
export function megatronPrepare(plan: Plan): string[] {
  return isFullySharded(plan) ? ['unset CUDA_DEVICE_MAX_CONNECTIONS'] : [];
}

const isFullySharded = ({ techniques }: Plan) => zero.of(techniques) >= 2;
