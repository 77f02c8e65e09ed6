/** `npm run docs`: writes what is generated: the README's example, tables of docs/commands.md, docs/accuracy.md. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLayerTimes } from '../src/accuracy/layer-rows.ts';
import { type LayerSummary, scoreLayers, summariseLayers } from '../src/accuracy/layer-score.ts';
import { score } from '../src/accuracy/score.ts';
import { type Summary, summarise } from '../src/accuracy/summary.ts';
import { COEFFICIENT_TABLE } from '../src/hardware/coefficients.ts';
import { readRows } from '../src/runs/rows.ts';
import { type Order, orderOf, type WrongOrders } from './accuracy/order.ts';
import { outputOf } from './docs/command-line.ts';
import { blocksOf, followed, PAGES, picturesOf, sandbox, withShown } from './docs/follow.ts';
import { modelTables } from './docs/layer-kinds.ts';
import { moduleTables } from './docs/modules.ts';
import { systemTables } from './docs/systems.ts';

const percent = (value: number | null, digits = 1) => (value === null ? '' : (100 * value).toFixed(digits));

/** Written by `npm run fit -- --leave-out`. */
const LEFT_OUT = JSON.parse(readFileSync('test/accuracy/left-out.json', 'utf8')) as Record<
  string,
  { readonly rows: number; readonly error: number }
>;

function macroLeftOut(): number {
  const errors = Object.values(LEFT_OUT).map((one) => one.error);
  return errors.reduce((a, b) => a + b, 0) / errors.length;
}

async function writeReadme(): Promise<void> {
  const text = readFileSync('README.md', 'utf8');
  const command = /node bin\/shardwright\.js (plan [^`\n]+)/.exec(text)![1]!.trim().split(/\s+/);
  const output = await outputOf(command);
  writeFileSync(
    'README.md',
    text.replace(
      /(\n```\n)llama-3\.1-70b on[\s\S]*?(\n```\n)/,
      (_, before: string, after: string) => `${before}${output}${after}`,
    ),
  );
}

function writeBetweenMarks(path: string, tables: string): void {
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(
      /(<!-- npm run docs -->\n)[\s\S]*?(<!-- end -->)/,
      (_, before: string, after: string) => `${before}\n${tables}\n${after}`,
    ),
  );
}

/** What the commands of pages print, and the pictures that they make. */
function writeShown(): void {
  const folder = mkdtempSync(join(tmpdir(), 'shardwright-docs-'));
  for (const page of PAGES.filter((one) => blocksOf(one).some(({ language }) => language === 'text'))) {
    const own = sandbox(page, folder);
    const shown = [...followed(page, own)].map((one) => one.shown);
    writeFileSync(page, withShown(page, shown));
    for (const { path, made } of picturesOf(page, own)) cpSync(made, path);
  }
  rmSync(folder, { recursive: true, force: true });
}

const mean = (errors: readonly number[]) => errors.reduce((sum, e) => sum + Math.abs(e), 0) / errors.length;

function phaseError(phase: string): number {
  return mean(scored.flatMap(({ phases }) => phases?.[phase]?.error ?? []));
}

function oneHostError(): number {
  const study = scored.filter(({ phases, row }) => phases !== undefined && row.hardware.gpus <= 4);
  return mean(study.flatMap(({ stepError }) => stepError ?? []));
}

/** Published tables of torchtune, a row each. */
function fineTuning(): string {
  return scored
    .filter(({ row }) => row.group === 'torchtune')
    .map((one) => {
      const { sequenceLength, config } = one.row;
      const tokens = (sequenceLength ?? 0) * (config.globalBatch ?? 0);
      const speed = (seconds: number | undefined) =>
        seconds === undefined ? '' : (tokens / seconds).toFixed(0);
      const memory = (bytes: number | undefined) => ((bytes ?? 0) / 2 ** 30).toFixed(1);
      return `| ${one.id.replace('torchtune-', '')} | ${memory(one.measuredPeakBytes)} | ${memory(one.predictedPeakBytes)} | ${speed(one.measuredStepSeconds)} | ${speed(one.predictedStepSeconds)} |`;
    })
    .join('\n');
}

/** Single layers by GPU, and how much faster one GPU is than another. */
function layersSection({ byGpu, ratio, layers }: LayerSummary): string {
  const kinds = ['fp16 small', 'fp16 large', 'fp32 small', 'fp32 large'];
  const cell = (error: number | null | undefined) => (error == null ? '' : (100 * error).toFixed(1));
  const rows = Object.entries(byGpu).map(
    ([gpu, errors]) => `| ${gpu} | ${kinds.map((kind) => cell(errors[kind]?.error)).join(' | ')} |`,
  );
  const pairs = kinds.map((kind) => cell(ratio[kind]?.error)).join(' | ');
  return `## Single layers, GPU against GPU

Kernel times of one transformer layer, forward and backward, as two planners for mixed clusters publish them (\`test/accuracy/layer-times.jsonl\`:
benson-guo/cephalo and benson-guo/zorse, data/model_latencies.json): mean error of the time, ${cell(layers)} % over all, by precision at one
sequence (small) and at eight and more (large). The last line is what decides an uneven cut: by how much the ratio of two GPU types' times at
the same layer and batch is off, mean over ${ratio.all!.pairs} pairs ${cell(ratio.all!.error)} %. The shares of peak in \`hardware-profiles/gpus\` are fitted on these
times; with the model in question left out of that fit the ratios are off by 12.0 %. Both sources rest 50 ms between passes, so that what
they time are bursts: long runs are slower by what each GPU sustains, and cards of 70 W, which come down to their power limit inside a pass, are
followed as they do (\`src/accuracy/layer-times.ts\`). What is left: forward passes of linears with a bias in fp32 on P40 and P100 take 1.1 to 3.4
times as long as predicted (ViT and BERT; backward within 18 %, layers without biases within 25 %), the more tokens and the wider the linear, up to
what tiles of 32 by 32 move that share nothing (0.12 bytes of memory a FLOP on both); GPT's, whose weights lie the other way, take none of that, and
at one size a layer takes 0.02 where a narrower one takes 0.07, so that no law was found; two sources of the same layer on
T4 differ by up to 1.7 times. Without P40, T4 and L4 the ratios are off by 6.4 %.

| GPU | ${kinds.join(' | ')} |
|---|---:|---:|---:|---:|
${rows.join('\n')}
| ratio of two types | ${pairs} |
`;
}

/** What the order of two plans is worth, and what plan makes of it. */
function orderWords({ wrongOrders, steadyRegret, elsewhere }: Order, sweeps: number): string {
  const [tie, some, sure] = wrongOrders as readonly [WrongOrders, WrongOrders, WrongOrders];
  const share = ({ pairs, wrong }: WrongOrders) => `${percent(wrong / pairs)} % of ${pairs}`;
  return `Where the fastest by estimate is ahead of another run of its sweep by less than ${percent(tie.upTo)} % it is the slower of the two in
${share(tie)} pairs; from there to ${percent(some.upTo)} % in ${share(some)}, beyond in ${share(sure)}. That is why plans closer than ${percent(tie.upTo)} % are called ties,
and why \`plan\` puts [the steadiest of them](explanation.md#which-plan-comes-first) first: in ${elsewhere} of the ${sweeps} sweeps another than the fastest, and what
it runs costs ${percent(steadyRegret)} % over the real best on average.`;
}

function makersSection({ makers }: Summary): string {
  return Object.entries(makers)
    .map(([maker, gpus]) => {
      const lines = Object.entries(gpus).map(
        ([id, s]) =>
          `| ${id} | ${s.architecture} | ${s.rows} | ${percent(s.mape)} | ${percent(s.bias)} | ${percent(s.inside)} | ${s.band === null ? '' : `±${percent(s.band)}`} | ${s.memoryRows || ''} | ${percent(s.memory)} | ${percent(s.worstUnder)} |`,
      );
      return `| ${maker} | generation | rows | time | bias | inside | band | rows | memory | worst under |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|
${lines.join('\n')}
`;
    })
    .join('\n');
}

function amdRuns(): string {
  const time = (seconds: number | undefined) => seconds?.toPrecision(4) ?? '';
  return scored
    .filter(
      ({ gpu, status, stepError, memoryError }) =>
        gpu?.vendor === 'amd' && status === 'scored' && (stepError ?? memoryError) !== undefined,
    )
    .map(({ id, gpu, row, runKind, ...one }) => {
      const timed = one.stepError !== undefined;
      return `| ${id} | ${gpu!.id} | ${row.hardware.gpus} | ${runKind} | ${time(one.measuredStepSeconds)} | ${timed ? time(one.predictedStepSeconds) : ''} | ${percent(one.stepError ?? null)} | ±${percent(one.band!)} | ${percent(one.memoryError ?? null)} |`;
    })
    .join('\n');
}

function accuracyPage(summary: Summary, layers: LayerSummary, order: Order): string {
  const groups = Object.entries(summary.groups).map(
    ([group, { time, memory }]) =>
      `| ${group} | ${time.rows} | ${percent(time.mape)} | ${percent(LEFT_OUT[group]?.error ?? null)} | ${percent(time.bias)} | ${percent(time.p90)} | ${memory.rows || ''} | ${percent(memory.mape)} | ${percent(memory.worstUnder)} |`,
  );
  const slices = Object.entries(summary.slices).map(
    ([name, s]) => `| ${name} | ${s.rows} | ${percent(s.mape)} | ${percent(s.bias)} | ${percent(s.p90)} |`,
  );
  const kinds = Object.entries(summary.memoryByKind).map(
    ([kind, s]) =>
      `| ${kind} | ${s.rows} | ${percent(s.mape)} | ${percent(s.worstUnder)} | ${percent(s.worstOver)} |`,
  );
  const coverage = Object.entries(summary.coverage).map(
    ([name, s]) =>
      `| ${name} | ${s.rows} | ${s.sources} | ${percent(s.inside)} | ${percent(s.leftOut)} | ±${percent(s.band)} |`,
  );
  const constants = Object.entries(COEFFICIENT_TABLE).map(
    ([name, c]) =>
      `| ${name} | ${Number(c.value.toPrecision(4))} | ${c.status === 'fitted' ? `${c.start} | ${c.bounds[0]} … ${c.bounds[1]}` : ' | fixed'} | ${c.meaning} | ${c.source}${c.bound === undefined ? '' : `. On its bound: ${c.bound}`} |`,
  );
  const { ranking } = summary;
  return `# Accuracy

Generated by \`npm run docs\` from \`test/accuracy/runs.jsonl\`: ${summary.rows} published measured runs, ${summary.scored} scored,
${summary.inexpressible} that cannot be expressed (\`npm run accuracy\` lists each reason), ${summary.unscored} without a figure to score.
Errors are predicted over measured, minus one, in per cent.

\`shardwright accuracy FILE.jsonl\` scores any file of [the same form](calibration.md#the-form-of-a-run), \`npm run accuracy\` these runs; CI holds every group to within 0.3 points of
\`test/accuracy/baseline.json\`.

A row says in \`config.train\` what was trained: \`full\` (where it is left out), \`lora\`, \`qlora\`, or parts as
[\`--train\`](commands.md#what-is-trained) has them, as text or as a mapping; in \`config.lora\` the \`rank\` and the \`modules\` of adapters,
which are assumed and said where they are not stated (of Megatron, \`linear_qkv\`). Rows of adapters are sources of their own ("adapters"). Of those here the
sequences of NeMo's are packed and the network of MLPerf's L40S is not published; where all is stated the mean error of time is below 15 %.
\`config.packing\` says that samples of unlike lengths shared sequences, as [\`--packing\`](commands.md#packed-samples) has it or as a mapping
(\`{"mean": 1200, "square": 3100000}\`; \`true\`: of lengths not stated, counted as whole sequences), \`config.loss\` how the loss was worked
out, as \`loss\` of [a configuration](commands.md#loss). Both may be left out.

A row may name its optimizer in \`config.optimizer\` (AdamW where it is left out), as [\`--optimizer\`](commands.md#optimizers) has it or as
a publication calls it (\`Adam\`, \`AdamW8bit\`), and state bytes of a trained parameter in \`stack.weightBytes\`, \`stack.gradientBytes\` and
\`stack.optimizerStateBytes\` (AdamW's moments with the master); what is not stated is as the named stack has it.

## By source

"time" is the error on the runs the constants below were fitted to, with the shipped stack multipliers: how well one set of
constants explains all sources. "left out" is what to expect of a source nobody tuned for: every constant fitted again without
that source, from where it is now along how each run hangs on each constant, and no multiplier (\`npm run fit -- --resume --leave-out\`;
runs of adapters and hybrids are left out with their source, and scored apart).

| source | rows | time | left out | bias | p90 | rows | memory | worst under |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
${groups.join('\n')}
| **mean of sources** | | **${percent(summary.macro.time)}** | **${percent(macroLeftOut())}** | | | | | |

## By kind of run

| kind | rows | time | bias | p90 |
|---|---:|---:|---:|---:|
${slices.join('\n')}

| memory | rows | error | worst under | worst over |
|---|---:|---:|---:|---:|
${kinds.join('\n')}

## By maker and GPU

Each maker's GPUs apart, generations together; "inside" as [below](#the-band-beside-a-step-time), of the runs as they are; "band" the widest printed.

${makersSection(summary)}
### Runs on AMD GPUs

Every published run on one that has a figure to score: seconds of a step, or the peak of memory alone where its time is known to be faulty.

| run | GPU | GPUs | kind | measured | predicted | error | band | memory |
|---|---|---:|---|---:|---:|---:|---:|---:|
${amdRuns()}

Ranking inside ${ranking.sweeps} sweeps: Spearman ${ranking.spearman?.toFixed(2)}; running the plan predicted fastest costs ${percent(ranking.topOneRegret)} % over the
real best on average (${percent(ranking.worstTopOneRegret)} % at worst); the best of the three predicted fastest costs ${percent(ranking.bestOfThreeRegret)} %.

${orderWords(order, ranking.sweeps)}

Rows that ran and would have been refused at zero headroom: ${summary.falseRejections.length}. Rows that ran out of memory and would have been
accepted: ${summary.falseFits.length}.

## The band beside a step time

Every estimate prints a band (\`±\`): what four of five runs of a source nobody tuned for should stay within, each source counted alike. "inside" is the share of
the runs here that do; "left out" has the errors of each source grow to those of the column above, where it has one. CI holds both this share and the width.

| runs | rows | sources | inside | left out | band |
|---|---:|---:|---:|---:|---:|
${coverage.join('\n')}

${layersSection(layers)}
## Unlike networks

Holmes (arXiv 2312.03549, CodexDive/Holmes) trained GPT over InfiniBand, RoCE and Ethernet on hosts of 8 A100. Its scripts say fp16, flash
attention, recomputed core attention, micro-batch 4, two stages; its \`config.json\` four InfiniBand and two RoCE cards a host and one bonded
interface for sockets. Rates of the cards are not published: HDR and 25 GbE are taken, which is what the RoCE figure speaks for (two cards of
100 Gb/s would give 199), and batches of 768 and 1,536. No constant was fitted to these runs. TFLOP/s a GPU, recomputation counted as Megatron
counts it; \`npx vitest run test/accuracy/mixed-networks.test.ts\` works them out and holds them to 12 %:

| run | published | model |
|---|---:|---:|
| 3.6B, 4 nodes, InfiniBand | 197 | 214 |
| 3.6B, 4 nodes, RoCE | 160 | 167 |
| 3.6B, 4 nodes, Ethernet | 122 | 133 |
| 7.5B, 4 nodes InfiniBand + 4 RoCE, Holmes | 195 | 204 |
| the same, stock Megatron (sockets everywhere) | 139 | 143 |
| Holmes over stock Megatron | 1.40 | 1.42 |
| Holmes over Megatron-LLaMA | 1.14 | 1.32 |

The search finds Holmes's split by itself: data parallelism inside each island, the pipeline across, 16 and 14 of 30 layers. On 8 nodes the
3.6B figures (148, 145 and 83) come out at 196, 126 and 87: published InfiniBand loses what neither its compute nor its network explains.

## Offloading

Runs of Deep Optimizer States (arXiv 2410.21316) on one kind of host (EPYC 7543P, 204.8 GB/s, four A100 40 GB on PCIe 4.0), from the logs of
mauryaavinash95/deep-optimizer-states-results: all optimizer states on the host, gradients in the open or beside backward, strides of 2 to 10.
Constants of hosts stand below, one set for all; of the software, 5 ms of host time a layer and 0.44 s a step of logging
(\`configs/stacks/megatron-deepspeed.yaml\`). Mean error of forward ${percent(phaseError('forwardSeconds'))} %, backward ${percent(phaseError('backwardSeconds'))} %, optimizer ${percent(phaseError('optimizerSeconds'))} %.

- The peak that DeepSpeed tells beside its phases is that of the optimizer step: with \`memory_breakdown\` its counter is reset before each
  phase. Rows say so (\`memoryAt\`). The highest of all phases, from the same logs, is 1.5 to 2.5 times as much, and predicted within -0.3 to
  25 % (\`test/unit/evaluate/offload.test.ts\`).
- The network of runs on several hosts is not in the logs: one of two cards of 200 Gb/s over TCP is taken. Without those the step comes to
  within ${percent(oneHostError())} %.
- Runs with cores bound to NUMA domains update 1.45 times as fast; rows say so (\`coresBound\`).
- With a stride and one GPU a host, backward takes 1 to 2.5 s more than without, which nothing here explains.

A row may state, all optional: \`config.offload\` (\`optimizer\`: fraction, \`stride\`, \`asyncGradients\`, \`parameters\`: true or false,
\`activations\`: fraction); \`hardware.host\` (\`memoryGiB\`, \`dramGBps\`, \`pcieGBpsPerGpu\`, \`gpusPerLink\`, \`cpu\`, \`coresBound\`); \`measured.forwardSeconds\`,
\`backwardSeconds\` (with recomputation and what of the gradients' way it does not hide), \`optimizerSeconds\`; \`measured.memoryAt\`, a point of the step
(\`start-of-forward\`, \`forward\`, \`loss\`, \`backward\`, \`end-of-backward\`, \`optimizer-step\`), and \`memoryRank\`; \`stack.elementwise\`
(\`eager\`, \`fused\`), \`stack.shardedEnds\` (\`with-root\`, \`apart\`), \`stack.casts\` (\`policy\`, \`autocast\`, \`autocast-cached\`), \`stack.updatedWeights\` (\`all-gather\`, \`broadcast\`) and \`stack.pipelineTransfers\` (\`scattered\`, \`whole\`), as a stack's file has them; \`update=foreach\` in \`config.optimizer\` says that all weights are updated operation by operation. A row of DeepSpeed with offloading and phases that states no
\`memoryAt\` is taken to be at \`optimizer-step\`, and told under its assumptions.

## Fine-tuning on small hosts

The tables of torchtune's README (meta-pytorch/torchtune@bd2a0fc; settings that they leave to its recipes are those of
\`recipes/configs\`) and of RoundPipe's artifact (ITcarrot/RoundPipe-artifact@e44270ae). No constant was fitted to
them. Figures are measured and predicted, memory of a GPU in GiB, tokens/s of all GPUs:

| run | memory | predicted | tokens/s | predicted |
|---|---:|---:|---:|---:|
${fineTuning()}

- Embedding and head of torchtune's models belong to the root of FSDP, which stays gathered from the first layer's forward to the end of
  backward; where \`custom_sharded_layers\` names them (70B, all trained) each is gathered for its use. One rank of eight, walked through
  with PyTorch's own code on a fake process group, holds 30.6 GiB of the LoRA run with two samples of 2,048 tokens, and 27.5 with short ones:
  then the start of forward is the peak, the root twice and two layers. The published 27.6 GiB and 44.8 GB of the last two rows are below what
  their stated lengths take: their memory is not scored, and the rows say why (\`faults\`).
- Lengths of the 3B rows are those of the recipe's dataset (alpaca-cleaned: 250 tokens on average, taken from its size).
- LoRA on the A6000 is published at more than 0.9 of the card's dense peak: its time is not scored. Full training there is at 0.8 of it.
- Order by tokens/s is right but for one pair, eager and checkpointed, 1.9 % apart and predicted 0.4 % the other way: recomputation is
  predicted at 251 ms where the published step grows by 243, less than GEMM curves can tell; optimizer in backward
  and offloaded activations tie with checkpointing. What torch operators written out one by one cost is counted from them, what the 8-bit optimizer does from
  the fp32 copies that it holds, and what whole logits cost more than chunked ones from their cast to fp32 and back outside of what is compiled (unembed).
- DeepSpeed's ZeRO-2 without \`overlap_comm\` on eight 4090 (32 micro-batches a step) takes 8 % longer than predicted: nothing hides what each
  micro-batch reduces, embedding and head with it. Of RoundPipe's table what ran out of memory is refused; one row that ran is refused too. RoundPipe's own rows state no micro-batch: [Systems](systems.md) has them side by side.

A row says in \`config.optimizerInBackward\` and \`config.pagedOptimizer\` what its optimizer's name does not (\`PagedAdamW8bit\` does). \`cpu\` in
\`config.offload\` stands for all of it.

## What is known to be wrong

- Megatron-LLaMA over Ethernet comes out 19 % slow (138 of 171 TFLOP/s): its optimizer hides more of the reduction than the passes of one
  micro-batch, which is all that is hidden here.

- Sparse models: releases of one framework differ by up to a factor of two on the same configuration. Where a row says nothing of its
  recipe, dispatcher, overlap and graphs are the best that its year had. gpt-oss on B300 comes out 25 to 37 % fast, DeepSeek-V3 on MI355X
  20 to 27 % slow, MaxText on MI355X 26 to 42 % fast, for reasons not known. Each further sample of MaxText's takes 2.3 s where the model has 1.7: its
  source calls its level a floor.
- Tensor parallelism over two and four hosts of V100 with one 100 Gb/s card each comes out 31 and 44 % fast, though gradients over the same cards are
  reduced at 10 GB/s; why all-reduces of 200 MB reach 8 and 6 GB/s is not known.
- DeepSpeed ZeRO-3 of 2021 is priced at the rate of one network card a node, which its scaling shows; why it was so is not known.
- Peak memory of FSDP2 with tensor parallelism and 16-sequence micro-batches is under-predicted by up to 19 %; that of the one
  Moonlight study by 4 %, at whatever point of the step its peak is.
- FSDP with offloaded parameters reserves 3 to 4 GiB more than predicted (answerai, 15 to 23 %). All but one of those runs fill the card, so that what
  blocks of several streams keep from one another cannot be told from what there was room for.
- Building-block schedules are simulated with the real forward, input- and weight-gradient times on the paper's order for equal ones;
  deep V-Half pipelines come out up to 13 % slow.
- Hybrids (\`megatron-bridge, hybrids\`: Nemotron 3, layers as the hub's config.json has them, prediction modules, precision of each layer and graphs
  as the recipe does): forward times of scans are not published, their convolutions are. One constant, of mamba_ssm's kernels over their bytes and products,
  was fitted to the seven releases of Nemotron 3 Nano on H100, B200 and B300 and explains them to 2 %; Super, left out of that, comes out 9 % short on average and 20 % with tensor parallelism. DeepSeek-V4's layers are not published, and its two rows are inexpressible.

- Kernel cells: runs of one hidden size, tensor parallelism and micro-batch err together (of 686 on one A100 node the spread between 31 such
  cells is 10.2 %, inside them 4.9 %). Whole tiles and whole waves of them do not explain it: with 128 x 128 tiles on the multiprocessors of
  each GPU the spread is 9.4 %, with the best of four sizes 9.8 %, while the scatter of about 440 measured GEMMs around their curve (ai-dynamo/aiconfigurator)
  goes from 4.7 to 4.6 % on A100 at best, from 3.6 to 4.3 % on H100, 3.8 to 4.6 % on H200 and 6.8 to 8.3 % on L40S. They are left out.
- BigScience's 206B (row 107) ran out of memory where the model has 63 GiB of 79: 70 layers of the same width took 60 GB there, 94 narrower ones
  67 GB. Row 093, which ran out too, is predicted to fit by 1 %, and called tight.

## Constants

Fitted ones by Gauss–Newton and then one at a time on the mean over sources of the absolute log error, drawn to where they start (\`tools/fit.ts\`), inside physical bounds; one that ends
on a bound says why that is taken;
none is keyed to a model, a row or a publication. Sustained clocks stand in \`hardware-profiles/gpus\`, facts of
the software in \`configs/stacks\`.

| constant | value | start | bounds | meaning | from |
|---|---:|---:|---|---|---|
${constants.join('\n')}
`;
}

writeBetweenMarks('docs/commands.md', moduleTables());
writeBetweenMarks('docs/models.md', modelTables());
await import('./write-reference.ts');
const path = 'test/accuracy/runs.jsonl';
const { rows } = readRows([{ path, text: readFileSync(path, 'utf8') }]);
const scored = rows.map((row) => score(row));
writeBetweenMarks('docs/systems.md', systemTables(scored));
const layerPath = 'test/accuracy/layer-times.jsonl';
const layers = summariseLayers(scoreLayers(readLayerTimes(layerPath, readFileSync(layerPath, 'utf8'))));
writeFileSync('docs/accuracy.md', accuracyPage(summarise(scored, LEFT_OUT), layers, orderOf(scored)));
await writeReadme();
writeShown();
