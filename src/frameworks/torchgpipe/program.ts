import { layersOf, microBatchSizeOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { commentText } from '../../launch-folder/quote.ts';
import { recompute } from '../../techniques/recompute.ts';

/** `train.py` for one process: the layers of each device, micro-batches and recomputation as they are priced, over a model that the user brings. */
export function program({ model, workload }: Problem, plan: Plan, origin: string): string {
  const { globalBatchSize, optimizer, optimizerOptions = {} } = workload;
  const { stages } = plan.pipelines[0]!;
  const lines = [
    `# ${commentText(origin)}`,
    `# ${commentText(model.name)}: MODULE names a Python module with build(), the torch.nn.Sequential of its ${model.layers.length} layers,`,
    '# batches(size), pairs of input and target, and loss(output, target).',
    'import importlib',
    'import os',
    '',
    'import torch',
    'from torchgpipe import GPipe',
    '',
    `BALANCE = [${stages.map(layersOf).join(', ')}]  # layers of each device`,
    `GLOBAL_BATCH = ${globalBatchSize}`,
    `CHUNKS = ${globalBatchSize / microBatchSizeOf(plan)}  # micro-batches of ${microBatchSizeOf(plan)}`,
    '',
    'own = importlib.import_module(os.environ["MODULE"])',
    'layers = own.build()',
    'assert len(layers) == sum(BALANCE)',
    'model = GPipe(',
    '    layers,',
    '    balance=BALANCE,',
    '    devices=range(len(BALANCE)),',
    '    chunks=CHUNKS,',
    `    checkpoint="${recompute.of(plan.techniques).mode === 'full' ? 'always' : 'never'}",`,
    ')',
    ...(optimizer === 'sgd'
      ? [
          'optimizer = torch.optim.SGD(',
          `    model.parameters(), lr=float(os.environ.get("LR", "0.1")), momentum=${optimizerOptions.momentum === 'off' ? '0' : '0.9'}`,
          ')',
        ]
      : ['optimizer = torch.optim.AdamW(model.parameters(), lr=float(os.environ.get("LR", "1e-3")))']),
    'model.train()',
    '',
    'for batch, target in own.batches(GLOBAL_BATCH):',
    '    assert len(target) == GLOBAL_BATCH',
    '    batch = batch.to(model.devices[0], non_blocking=True)',
    '    target = target.to(model.devices[-1], non_blocking=True)',
    '    own.loss(model(batch), target).backward()',
    '    optimizer.step()',
    '    optimizer.zero_grad()',
  ];
  return `${lines.join('\n')}\n`;
}
