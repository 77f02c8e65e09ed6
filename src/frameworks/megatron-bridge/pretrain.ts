import { commentText } from '../../launch-folder/quote.ts';

export const PRETRAIN = 'pretrain.py';

/** Lines of the launch script. */
export const MODEL_CHECK = [
  `: "\${HF_MODEL:?set HF_MODEL to the id of the model on the hub, or to a folder with its config.json}"`,
  'export HF_MODEL',
];

/**
 * Starts Bridge's own program on its plain recipe, with the provider of a config.json as its model (scripts/training/run_recipe.py,
 * whose `load_recipe` all of its settings go through, and models/conversion/auto_bridge.py, commit 067f987).
 */
export function pretrainProgram(origin: string): string {
  return `${[
    `# ${commentText(origin)}`,
    '# HF_MODEL: the id of the model on the hub, or a folder with its config.json. Weights are not loaded.',
    '# BRIDGE_PATH: a checkout of Megatron-Bridge.',
    'import os',
    'import sys',
    '',
    'sys.path.insert(0, os.path.join(os.path.abspath(os.environ.get("BRIDGE_PATH", ".")), "scripts", "training"))',
    '',
    'import run_recipe',
    'from megatron.bridge import AutoBridge',
    '',
    'model = os.environ["HF_MODEL"]',
    'model = os.path.abspath(model) if os.path.isdir(model) else model',
    'plain = run_recipe.load_recipe',
    '',
    '',
    'def load_recipe(*args, **kwargs):',
    '    config = plain(*args, **kwargs)',
    '    config.model = AutoBridge.from_hf_pretrained(model).to_megatron_provider(load_weights=False)',
    '    return config',
    '',
    '',
    'run_recipe.load_recipe = load_recipe',
    'recipe = ["--recipe", "vanilla_gpt_pretrain_config", "--mode", "pretrain", "--dataset", "mock"]',
    'run_recipe.main([*recipe, *sys.argv[1:]])',
  ].join('\n')}\n`;
}
