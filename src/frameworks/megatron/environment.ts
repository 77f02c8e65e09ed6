import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { tensorOverlap } from '../../techniques/tensor-overlap.ts';
import { zero } from '../../techniques/zero.ts';

/** Tensor and context parallelism need one connection on GPUs that start kernels in order only so; Megatron-FSDP forbids it. */
export function megatronEnvironment({ cluster }: Problem, plan: Plan): Record<string, string> {
  const { tp, cp } = degreesOf(plan);
  const older = plan.pipelines[0]!.stages.some(({ replicas }) =>
    replicas.some((block) => cluster.groups[block.group]!.gpu.kernels.oneConnection),
  );
  const one = (tp > 1 || cp > 1) && older && !isFullySharded(plan);
  const multicast = used(plan).every(
    (group) => !BEFORE_MULTICAST.includes(cluster.groups[group]!.gpu.architecture),
  );
  const buffers = tensorOverlap.of(plan.techniques) === 'userbuffers' && !multicast;
  return {
    ...(one ? { CUDA_DEVICE_MAX_CONNECTIONS: '1' } : {}),
    ...(buffers ? { UB_SKIPMC: '1' } : {}),
  };
}

/** Below compute capability 9.0 userbuffers go over CUDA IPC, and have to be told so (examples/pytorch/comm_gemm_overlap/README.md of Transformer Engine@d0067d0). */
const BEFORE_MULTICAST: readonly string[] = ['volta', 'turing', 'ampere', 'ada'];

function used({ pipelines }: Plan): number[] {
  return pipelines.flatMap(({ stages }) =>
    stages.flatMap(({ replicas }) => replicas.map(({ group }) => group)),
  );
}

/** Lines of launch.sh: what the shell that starts it may have set is no exception to what Megatron-FSDP forbids. */
export function megatronPrepare(plan: Plan): string[] {
  return isFullySharded(plan) ? ['unset CUDA_DEVICE_MAX_CONNECTIONS'] : [];
}

const isFullySharded = ({ techniques }: Plan) => zero.of(techniques) >= 2;
