import { layersOf, microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { commentText } from '../../launch-folder/quote.ts';
import { softmax } from '../../layers/mixers/softmax.ts';

/** Heads of a model whose layers all attend alike; null: it has others. */
export function headsOf({ kinds: [kind, ...others] }: Problem['model']): number | null {
  return others.length === 0 && softmax.is(kind!.mixer) && kind!.ffn !== null ? kind!.mixer.heads : null;
}

/**
 * Its model is a list: the embedding, attention and MLP of each layer apart, the last norm, the head (GPT2SequentialModel,
 * Models/GPT2.py@3e45e71). Modules of each stage.
 */
export function modulesOf({ pipelines: [pipeline] }: Plan): (readonly [first: number, end: number])[] {
  const { stages } = pipeline!;
  let from = 0;
  let layers = 0;
  return stages.map((stage, s) => {
    layers += layersOf(stage);
    const end = 1 + 2 * layers + (s === stages.length - 1 ? 2 : 0);
    const modules = [from, end] as const;
    from = end;
    return modules;
  });
}

/** `train.py`: TrainGPT.py of PACI with the model, the batch, the mode and the stages of the plan. */
export function program(problem: Problem, plan: Plan, origin: string): string {
  const { model, workload } = problem;
  const { globalBatchSize, sequenceLength } = workload;
  const microBatches = globalBatchSize / microBatchSizeOf(plan);
  const mode = plan.schedule === 'paci' ? 'paci' : 'flush';
  const lines = [
    `# ${commentText(origin)}`,
    `# ${commentText(model.name)} on OpenWebText, with the loop, optimizer and data of PACI (TrainGPT.py@3e45e71).`,
    'import functools',
    'import os',
    '',
    'import torch',
    'from torch.optim.lr_scheduler import LambdaLR',
    'from transformers import AutoTokenizer',
    '',
    'from DataLoaders import OpenWebText',
    'from DataLoaders.OpenWebText import build_openwebtext_splits',
    'from DistPACI import LRstepMode, PACIMode, PACIModel, PipelineMethods, TrainingConfig',
    'from LLModelTraininer import model_trainer',
    'from Models.GPT2 import GPT2SequentialModel, GPTConfig',
    'from TrainGPT import build_adamw, gpt2_like_lr_lambda, set_random',
    'from Utils.ChangeFDlimit import set_ulimit',
    'from Utils.metrics import LanguageModelingLoss',
    '',
    `SEQUENCE_LENGTH = ${sequenceLength}`,
    `GLOBAL_BATCH = ${globalBatchSize}`,
    `MICRO_BATCHES = ${microBatches}  # of ${microBatchSizeOf(plan)}: each stage steps after as many backward passes`,
    '# Modules of each stage: 0 is the embedding, then attention and MLP of each layer, the last norm, the head.',
    'STAGES = [',
    ...modulesOf(plan).map(([first, end]) => `    list(range(${first}, ${end})),`),
    ']',
    '',
    '',
    'def main():',
    '    set_random(123)',
    '    assert torch.cuda.device_count() == len(STAGES)',
    '    config = GPTConfig(',
    `        context_length=${Math.max(model.learnedPositions, sequenceLength)},`,
    `        vocab_size=${model.vocabSize},`,
    `        num_layers=${model.layers.length},`,
    `        embd_size=${model.hiddenSize},`,
    `        num_heads=${headsOf(model)},`,
    '    )',
    '    model = GPT2SequentialModel(config=config)',
    '    tokenizer = AutoTokenizer.from_pretrained("gpt2", use_fast=True)',
    '    cache = os.environ.get("DATA", "cache/openwebtext/")',
    '    named = {"tokenizer_id": "gpt2_tok", "block_size": SEQUENCE_LENGTH, "cache_dir": cache}',
    '    build_openwebtext_splits(tokenizer=tokenizer, **named)',
    '    dataset = OpenWebText(GLOBAL_BATCH, 4, tokenizer, **named)',
    '    steps = int(os.environ.get("STEPS", "190000"))',
    '    schedule = gpt2_like_lr_lambda(warmup_steps=steps // 100, total_steps=steps)',
    '    set_ulimit(len(dataset.train_loader) * 5)',
    '    training = TrainingConfig(',
    '        model,',
    '        build_optimizer_func=build_adamw,',
    '        optimizer_params={',
    '            "lr": float(os.environ.get("LR", "3e-4")),',
    '            "betas": (0.9, 0.95),',
    '            "eps": 1e-8,',
    '            "weight_decay": 0.1,',
    '        },',
    '        total_steps=steps,',
    '        loss_function=LanguageModelingLoss(tokenizer.vocab_size, -100),',
    '        log_training_metrics_every=int(os.environ.get("LOG_EVERY", "100")),',
    '        checkpoint_every=int(os.environ.get("SAVE_EVERY", "1000")),',
    '        evaluate_every=int(os.environ.get("EVALUATE_EVERY", "5000")),',
    '        device="cuda",',
    '        grad_accumulation=MICRO_BATCHES,',
    `        pipeline_mode=PipelineMethods.${mode},`,
    '        paci_mode=PACIMode.perf,',
    '        split_to=len(STAGES),',
    '        lr_scheduler_class=LambdaLR,',
    '        lr_scheduler_params={"lr_lambda": schedule.lr_lambda},',
    '        lr_step_on=LRstepMode.step,',
    '        output_verbose=False,',
    '        ignore_token=-100,',
    '    )',
    '    pipeline = PACIModel(model, training, measure_iterations=10)',
    '    # Stages as they are priced: without split_indices it cuts them anew by times that it measures.',
    '    pipeline.init = functools.partial(pipeline.init, split_indices=STAGES)',
    '    model_trainer(pipeline, training, dataset, os.environ.get("OUTPUT", "outputs"))',
    '',
    '',
    'if __name__ == "__main__":',
    '    main()',
  ];
  return `${lines.join('\n')}\n`;
}
