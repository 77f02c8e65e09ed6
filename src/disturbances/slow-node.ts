import type { Disturbance } from './disturbance.ts';

/** Clocks differ from node to node by heat and power. Seconds of kernels, over those of the others. */
const TIMES = 1.1;

/** Wherever it stands the others wait for it: priced as if the kernels of all took so much longer. */
export const slowNode: Disturbance = {
  id: 'slow-node',
  name: 'one node 10% slow',
  changes: 'time',
  disturbed: (problem) => {
    const { cluster, layerProfile } = problem;
    const groups = cluster.groups.map((group) => {
      const sustainedSlowdown = TIMES * group.gpu.sustainedSlowdown;
      return { ...group, gpu: { ...group.gpu, sustainedSlowdown } };
    });
    return {
      ...problem,
      cluster: { ...cluster, groups },
      ...(layerProfile === undefined
        ? {}
        : {
            layerProfile: {
              ...layerProfile,
              entries: layerProfile.entries.map((entry) => ({
                ...entry,
                points: entry.points.map((point) => ({
                  ...point,
                  forwardSeconds: TIMES * point.forwardSeconds,
                  backwardSeconds: TIMES * point.backwardSeconds,
                })),
              })),
            },
          }),
    };
  },
};
