import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { programWords } from '../../../src/foreign/bash/program.ts';

const isFlag = (word: string) => word.startsWith('--');
const wordsOf = (script: string) => programWords(script, 'job.sh', isFlag).words;

/** Flags of a script as `name value …`, the last of each name. */
function read(script: string): string[] {
  const flags = new Map<string, string[]>();
  for (const { text } of wordsOf(script)) {
    const [name, value] = isFlag(text) ? text.split('=') : [];
    const last = [...flags.values()].at(-1);
    if (name === undefined) last?.push(text);
    else {
      flags.delete(name);
      flags.set(name, value === undefined ? [name] : [name, value]);
    }
  }
  return [...flags.values()].map((words) => words.join(' '));
}

const TRAIN = 'torchrun --nproc-per-node 8 pretrain_gpt.py';

describe('arguments of the training program in a shell script', () => {
  it.each([
    ['variables', `TP=4\n${TRAIN} --tp $TP --pp "\${PP:-8}"`, ['--tp 4', '--pp 8']],
    ['the value in force at the line', `TP=4\n${TRAIN} --tp $TP\nTP=8\necho "GBS=256 TP=16"`, ['--tp 4']],
    ['comments', `TP=4 # TP=8\n# TP=16\n${TRAIN} --tp $TP  # was --tp 8 --cp 2`, ['--tp 4']],
    [
      'comments between continued lines',
      `A=(\n --tp 4 # was 8\n # --pp 4\n)\n${TRAIN} "\${A[@]}"`,
      ['--tp 4'],
    ],
    ['an array that grows', `A=(--tp 4)\nA+=(--sp)\n${TRAIN} "\${A[@]}" --x`, ['--tp 4', '--sp', '--x']],
    [
      'a list that ends its array',
      `A=(\n--modules core_attn layernorm\n)\n${TRAIN} \${A[@]}`,
      ['--modules core_attn layernorm'],
    ],
    ['an array nobody uses', `OLD=(--tp 8 --cp 2)\n${TRAIN} --tp 4`, ['--tp 4']],
    [
      'a here-document',
      `cat > notes.md <<EOF\npython pretrain_gpt.py --tp 8 --pp 2 --cp 2\nEOF\n${TRAIN} --tp 4`,
      ['--tp 4'],
    ],
    ['a job in a here-document', `sbatch <<'EOF'\nsrun python pretrain_gpt.py --tp 4\nEOF`, ['--tp 4']],
    ['another program after it', `${TRAIN} --tp 4\npython tools/eval.py --tp 8 --model x --y`, ['--tp 4']],
    ['quoted values', `${TRAIN} --name 'run --cp 2 test' --tp 4`, ['--name run --cp 2 test', '--tp 4']],
    [
      'a condition that holds',
      `S=big\nif [ "$S" = big ]; then P=8; else P=2; fi\n${TRAIN} --pp $P`,
      ['--pp 8'],
    ],
    [
      'a condition that does not',
      `SP=0\nif [ $SP -eq 1 ]; then X=--sp; fi\n${TRAIN} --tp 4 $X`,
      ['--tp 4 $X'],
    ],
    [
      'an option nobody gave',
      `[[ -n "$FSDP" ]] && A+=(--fsdp)\nA+=(--tp 4)\n${TRAIN} "\${A[@]}"`,
      ['--tp 4'],
    ],
    ['a case', `M=70b\ncase $M in 8b) L=32;; 70b|72b) L=80;; *) L=1;; esac\n${TRAIN} --l $L`, ['--l 80']],
    ['arithmetic', `N=4\n${TRAIN} --gbs $((128*N)) --y $((N>2 ? 1 : 0))`, ['--gbs 512', '--y 1']],
    ['a default that is set', `: \${TP:=4}\n${TRAIN} --tp $TP`, ['--tp 4']],
    ['a string of arguments', `A="--tp 4\n  --pp 2"\n${TRAIN} $A`, ['--tp 4', '--pp 2']],
    [
      'a shell in a shell',
      `O='--tp 4'\nsrun -l --mpi=pmix bash -c "python -u pretrain_gpt.py $O"`,
      ['--tp 4'],
    ],
    ['a function', `run() { ${TRAIN} --tp $TP; }\nTP=4\nrun`, ['--tp 4']],
    [
      'a loop over known words',
      `for TP in 2 4; do A="$A --x$TP"; done\n${TRAIN} --tp $TP$A`,
      ['--tp 4', '--x2', '--x4'],
    ],
    ['flags of starters', `srun --mpi=pmi2 torchrun --nnodes 2 pretrain_gpt.py --tp=4`, ['--tp 4']],
    [
      'a layout',
      `${TRAIN} --layout "Et*12|(t*10|)*6,t*8,L" --m Et*4`,
      ['--layout Et*12|(t*10|)*6,t*8,L', '--m Et*4'],
    ],
    ['only arrays, to be sourced', `A=(--tp 4)\nB=(--pp 2)`, ['--tp 4', '--pp 2']],
    [
      'a file of arguments',
      `# what we run\n--tp 4 # four\n--layout "Et*2|t*2L" \\\n--x`,
      ['--tp 4', '--layout Et*2|t*2L', '--x'],
    ],
    ['a flag twice', `${TRAIN} --tp 8 --tp 4`, ['--tp 4']],
  ])('%s', (_, script, wanted) => {
    expect(read(script)).toEqual(wanted);
  });

  it('says where a value stands, through arrays and continued lines', () => {
    const script = `A=(\n  --tp 4\n  --pp 2\n)\n${TRAIN} \\\n  "\${A[@]}" \\\n  --cp 2\n`;
    const lines = wordsOf(script).flatMap(({ text, line }) => (isFlag(text) ? [[text, line]] : []));
    expect(lines).toEqual([
      ['--tp', 2],
      ['--pp', 3],
      ['--cp', 7],
    ]);
  });

  it('does not choose where a condition cannot be decided', () => {
    const script = `if [ -f big ]; then A=(--tp 8); else A=(--tp 4); fi\n${TRAIN} "\${A[@]}"`;
    expect(() => wordsOf(script)).toThrow(/\$A is one thing or another/);
    expect(() => wordsOf(script)).toThrow(InputError);
    expect(read(`if [ -f x ]; then D=a; else D=b; fi\n${TRAIN} --data $D --tp 4`)).toEqual([
      '--data $D',
      '--tp 4',
    ]);
  });

  it('keeps what only the cluster knows as it stands', () => {
    expect(read(`${TRAIN} --n $SLURM_NNODES --d "$(pwd)/x" --tp 4`)).toEqual([
      '--n $SLURM_NNODES',
      '--d $(pwd)/x',
      '--tp 4',
    ]);
  });

  it('knows the variables, those of one command too', () => {
    const { variables } = programWords(`export A=1 B=$C\nD=2 ${TRAIN} --tp 4`, 'job.sh', isFlag);
    expect(Object.fromEntries(variables)).toEqual({ A: '1', D: '2' });
  });

  it('says what bash could not read', () => {
    expect(() => wordsOf(`${TRAIN} --tp 4\nif true; then\n`)).toThrow(/bash cannot read job\.sh/);
  });

  it.runIf(spawnSync('bash', ['--version']).status === 0)('expands as bash does', () => {
    const word = fc.constantFrom(
      ...['{A}', '{B[@]}', '{B[1]}', '{C:-d e}', '((3*D))'].flatMap((one) => [`$${one}`, `"$${one}"`]),
      "'$A'",
      'x',
      '"a b"',
      '--f',
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
        (words) => {
          const line = words.map((parts) => parts.join('')).join(' ');
          const set = `A="p  q"; B=(1 "2 3" x); D=4`;
          const bash = spawnSync('bash', ['-c', `set -f; ${set}; printf '%s\\n' ${line}`], {
            encoding: 'utf8',
          });
          const ours = read(`${set}\npython pretrain_gpt.py --all ${line.replaceAll('--f', 'f')}`);
          const theirs = bash.stdout.replaceAll('--f', 'f').trimEnd().split('\n');
          expect(ours).toEqual([['--all', ...theirs].join(' ')]);
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });
});
