import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRun } from '../megatron/reader.ts';
import { megatronRun } from '../megatron/run.ts';
import type { LaunchReader } from '../port/reader.ts';
import { experimentOf, titanModule } from './experiment.ts';
import { MANUAL_SPLIT_RULE, withLayout } from './manual-split.ts';
import { flagsFrom } from './overrides.ts';
import { RECOMPUTE_LAYERS_RULE } from './recompute-rule.ts';
import { titanExperiment } from './titan.ts';

/** Its own rules, and Megatron-LM's but for the parser's: Primus passes keys of its own beside its flags. */
const own = [MANUAL_SPLIT_RULE, RECOMPUTE_LAYERS_RULE];
const rules = [...own, ...MEGATRON_FILE_RULES];

/** Megatron-LM's arguments under `modules.pre_trainer.overrides`, over those of the base files. */
export const primusReader: LaunchReader = {
  file: 'primus.yaml',
  rules,
  read: (source) => {
    const titan = titanModule(source);
    if (titan !== null) return titanExperiment(source, titan.module, titan.pointer);
    const nameOf = (flag: string) => flag.slice(2).replaceAll('-', '_');
    const experiment = experimentOf(source);
    const flags = flagsFrom(experiment);
    const written = readRun(megatronRun(flags, source.path), { rules: own, nameOf });
    const meant = () =>
      readRun(megatronRun(withLayout(flags, source.path), source.path), {
        rules: MEGATRON_FILE_RULES,
        nameOf,
      });
    return {
      asked(gpus) {
        const asked = meant().asked(gpus);
        return { ...asked, notes: [...(asked.notes ?? []), ...experiment.notes] };
      },
      violations(gpus) {
        const broken = written.violations(gpus);
        const split = broken.some(({ rule }) => rule === MANUAL_SPLIT_RULE.rule);
        const all = split ? broken : [...broken, ...meant().violations(gpus)];
        const experts = experiment.modelKnown || experiment.keys.num_experts !== undefined;
        return experts ? all : all.filter(({ rule }) => rule !== 'experts-divisible-by-ep');
      },
    };
  },
};
