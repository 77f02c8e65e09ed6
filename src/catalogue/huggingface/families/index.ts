import type { Family } from '../family.ts';
import { afmoe } from './afmoe.ts';
import { apertus } from './apertus.ts';
import { arcee } from './arcee.ts';
import { aria } from './aria.ts';
import { baichuan } from './baichuan.ts';
import { bailing } from './bailing.ts';
import { bitnet } from './bitnet.ts';
import { bloom } from './bloom.ts';
import { cohere, cohere2, cohere2Moe } from './cohere.ts';
import { cwm } from './cwm.ts';
import { dbrx } from './dbrx.ts';
import { deci } from './deci.ts';
import { deepseek, deepseekSparse, youtu } from './deepseek.ts';
import { ernie, ernieMoe } from './ernie.ts';
import { exaone, exaone4 } from './exaone.ts';
import { exaoneMoe } from './exaone-moe.ts';
import { falcon } from './falcon.ts';
import { falconH1 } from './falcon-h1.ts';
import { gemma, gemma2 } from './gemma.ts';
import { gemma4 } from './gemma4.ts';
import { glm, glm4 } from './glm.ts';
import { glm4Moe } from './glm4-moe.ts';
import { gptNeo } from './gpt-neo.ts';
import { neox } from './gpt-neox.ts';
import { gptOss } from './gpt-oss.ts';
import { gpt2 } from './gpt2.ts';
import { gptj } from './gptj.ts';
import {
  bamba,
  granite,
  graniteHybrid,
  graniteMoe,
  graniteMoeSwa,
  graniteSwa,
  hyperclova,
} from './granite.ts';
import { grok } from './grok.ts';
import { hunyuan, hunyuan3, hunyuanMoe } from './hunyuan.ts';
import { internlm } from './internlm.ts';
import { jamba } from './jamba.ts';
import { kimiLinear } from './kimi-linear.ts';
import { laguna } from './laguna.ts';
import { lfm2 } from './lfm2.ts';
import { llama } from './llama.ts';
import { llama4 } from './llama4.ts';
import { longcat } from './longcat.ts';
import { mamba, mamba2 } from './mamba.ts';
import { mellum } from './mellum.ts';
import { mimoV2 } from './mimo-v2.ts';
import { minicpm } from './minicpm.ts';
import { minimaxText } from './minimax.ts';
import { minimax } from './minimax-m2.ts';
import { mistral } from './mistral.ts';
import { mixtral } from './mixtral.ts';
import { mpt } from './mpt.ts';
import { muse } from './muse.ts';
import { nanochat } from './nanochat.ts';
import { nemotron } from './nemotron.ts';
import { nemotronH } from './nemotron-h.ts';
import { olmo, olmo2 } from './olmo.ts';
import { olmoHybrid } from './olmo-hybrid.ts';
import { olmoe } from './olmoe.ts';
import { openelm } from './openelm.ts';
import { opt } from './opt.ts';
import { persimmon } from './persimmon.ts';
import { phi } from './phi.ts';
import { phi3 } from './phi3.ts';
import { plamo2 } from './plamo.ts';
import { qwen } from './qwen.ts';
import { qwenMoe } from './qwen-moe.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { qwen3Next } from './qwen3-next.ts';
import { recurrentGemma } from './recurrent-gemma.ts';
import { seedOss } from './seed-oss.ts';
import { smollm3 } from './smollm3.ts';
import { stablelm } from './stablelm.ts';
import { starcoder2 } from './starcoder2.ts';
import { step } from './step.ts';
import { biogpt, xglm } from './xglm.ts';

/** Every family, one line each; the README and `docs/models.md` list their types. */
export const FAMILIES: readonly Family[] = [
  afmoe,
  apertus,
  arcee,
  aria,
  baichuan,
  bailing,
  biogpt,
  bitnet,
  bloom,
  cohere,
  cohere2,
  cohere2Moe,
  dbrx,
  cwm,
  deci,
  deepseek,
  deepseekSparse,
  youtu,
  ernie,
  ernieMoe,
  exaoneMoe,
  exaone,
  exaone4,
  falcon,
  falconH1,
  gemma,
  gemma2,
  gemma4,
  glm,
  glm4,
  glm4Moe,
  gptNeo,
  neox,
  gptOss,
  gpt2,
  gptj,
  granite,
  graniteMoe,
  graniteMoeSwa,
  graniteSwa,
  graniteHybrid,
  bamba,
  hyperclova,
  grok,
  hunyuan,
  hunyuanMoe,
  hunyuan3,
  internlm,
  jamba,
  kimiLinear,
  laguna,
  lfm2,
  llama,
  llama4,
  longcat,
  mamba,
  mamba2,
  mellum,
  mimoV2,
  minicpm,
  minimax,
  minimaxText,
  mistral,
  mixtral,
  mpt,
  muse,
  nanochat,
  nemotron,
  nemotronH,
  olmo,
  olmo2,
  olmoHybrid,
  olmoe,
  openelm,
  opt,
  persimmon,
  phi,
  phi3,
  plamo2,
  qwenMoe,
  qwen,
  recurrentGemma,
  qwen2,
  qwen3,
  qwen3Next,
  seedOss,
  smollm3,
  stablelm,
  starcoder2,
  step,
  xglm,
];
