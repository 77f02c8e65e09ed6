import { type Importer, linesOf } from '../facts/facts.ts';
import { ncclJsonRun } from './nccl-json.ts';
import { ncclFacts } from './nccl-run.ts';
import { ncclRuns } from './nccl-table.ts';
import { withoutRank, withoutRanks } from './rank-prefix.ts';

/** nccl-tests and rccl-tests as text: out-of-place times by size; the average line is not used. */
export const ncclText: Importer = {
  format: 'nccl-tests',
  recognises: (text) => /^# nccl-tests version|^#\s+size\s+count\s+type/m.test(withoutRanks(text)),
  read(text, file) {
    return ncclFacts(this.format, ncclRuns(linesOf(text).map(withoutRank)), file);
  },
};

/** nccl-tests -J. */
export const ncclJson: Importer = {
  format: 'nccl-tests --json',
  recognises: (text) => /^\s*\{/.test(text) && /"out_of_place"|"nccl_version"/.test(text),
  read(text, file) {
    const run = ncclJsonRun(JSON.parse(text.replace(/^\uFEFF/, '')));
    return ncclFacts(this.format, run === null ? [] : [run], file);
  },
};
