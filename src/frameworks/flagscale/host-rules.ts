import type { MegatronRun } from '../megatron/run.ts';
import { bad, type FileRule } from '../reading/file-rule.ts';
import { type FileMeshes, MESHES, sizeOf, TYPES } from './file-meshes.ts';

/** What the meshes need of the hostfile beside them (`parse_hostfile`, flagscale/runner/utils.py@v0.9.0). */
export const HOST_RULES: readonly FileRule<MegatronRun, FileMeshes>[] = [
  {
    rule: 'hosts-once',
    at: TYPES,
    check: (_, { hosts }) => {
      const names = hosts?.map(({ host }) => host) ?? [];
      const twice = names.find((name, i) => names.indexOf(name) < i);
      return twice === undefined
        ? null
        : bad(`${twice} twice in the hostfile`, 'each host once', 'Drop one.');
    },
  },
  {
    rule: 'hosts-typed',
    at: TYPES,
    check: (_, { hosts, types }) => {
      const odd = hosts?.find(({ type }) => type === null || !types.includes(type));
      return odd === undefined
        ? null
        : bad(
            `${odd.host} of ${odd.type === null ? 'no type' : `type ${odd.type}`} in the hostfile`,
            `a type of hetero_device_types: ${types.join(', ')}`,
            'Name its type.',
          );
    },
  },
  {
    rule: 'mesh-of-its-hosts',
    at: MESHES,
    check: (_, { hosts, meshes, types }) => {
      if (hosts === null) return null;
      for (const type of new Set(types)) {
        const wanted = meshes
          .filter((mesh) => mesh.type === type)
          .reduce((sum, mesh) => sum + sizeOf(mesh), 0);
        const slots = hosts.filter((host) => host.type === type).reduce((sum, host) => sum + host.slots, 0);
        if (wanted !== slots)
          return bad(
            `meshes of ${type} with ${wanted} GPUs`,
            `the ${slots} slots of its hosts: a smaller mesh takes ranks of the next type, unchecked`,
            'Change a dp, or the hostfile.',
          );
      }
      return null;
    },
  },
];
