import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRun } from '../megatron/reader.ts';
import { megatronRun } from '../megatron/run.ts';
import type { LaunchReader } from '../port/reader.ts';
import { MANUAL_SPLIT_RULE, withLayout } from './manual-split.ts';
import { flagsFrom } from './overrides.ts';
import { RECOMPUTE_LAYERS_RULE } from './recompute-rule.ts';

/** Its own rules, and Megatron-LM's but for the parser's: Primus passes keys of its own beside its flags. */
const own = [MANUAL_SPLIT_RULE, RECOMPUTE_LAYERS_RULE];
const rules = [...own, ...MEGATRON_FILE_RULES];

/** Megatron-LM's arguments under `modules.pre_trainer.overrides`. */
export const primusReader: LaunchReader = {
  file: 'primus.yaml',
  rules,
  read: (source) => {
    const nameOf = (flag: string) => flag.slice(2).replaceAll('-', '_');
    const flags = flagsFrom(source.value(), source.path);
    const written = readRun(megatronRun(flags, source.path), { rules: own, nameOf });
    const meant = () =>
      readRun(megatronRun(withLayout(flags, source.path), source.path), {
        rules: MEGATRON_FILE_RULES,
        nameOf,
      });
    return {
      asked: () => meant().asked(),
      violations(gpus) {
        const broken = written.violations(gpus);
        const split = broken.some(({ rule }) => rule === MANUAL_SPLIT_RULE.rule);
        return split ? broken : [...broken, ...meant().violations(gpus)];
      },
    };
  },
};
