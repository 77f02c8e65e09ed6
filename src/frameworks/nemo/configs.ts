/** Sizes beside those of every model; left out: no experts, gated MLPs, a head of its own, heads as wide as the hidden size gives. */
interface More {
  readonly headDim?: number;
  readonly experts?: readonly [count: number, topK: number, width: number];
  /** Letters of layers with one part each. */
  readonly hybrid?: string;
  /** Two matrices in the MLP. */
  readonly plain?: boolean;
  readonly tied?: boolean;
  readonly latent?: boolean;
  readonly biases?: boolean;
  /** Scores of its router are sigmoids. */
  readonly sigmoid?: boolean;
}

export type NemoSizes = readonly [
  layers: number,
  hiddenSize: number,
  heads: number,
  groups: number,
  ffn: number,
  more?: More,
];

/**
 * Configuration classes of NeMo 2 that its recipes build (nemo/collections/llm/gpt/model/*.py@8cfedd7). Those of layers that
 * differ one by one, Nemotron Super and Ultra, are left out.
 */
export const CONFIGS: Readonly<Record<string, NemoSizes>> = {
  Baichuan2Config7B: [32, 4096, 32, 32, 11008],
  BaseMambaConfig130M: [24, 768, 1, 1, 768, { hybrid: 'M'.repeat(24), plain: true }],
  BaseMambaConfig1_3B: [48, 2048, 1, 1, 2048, { hybrid: 'M'.repeat(48), plain: true }],
  BaseMambaConfig2_7B: [64, 2560, 1, 1, 2560, { hybrid: 'M'.repeat(64), plain: true }],
  BaseMambaConfig370M: [48, 1024, 1, 1, 1024, { hybrid: 'M'.repeat(48), plain: true }],
  BaseMambaConfig780M: [48, 1536, 1, 1, 1536, { hybrid: 'M'.repeat(48), plain: true }],
  ChatGLM3Config6B: [28, 4096, 32, 2, 13696],
  DeepSeekV2Config: [60, 5120, 128, 128, 12288, { headDim: 128, experts: [160, 6, 1536], latent: true }],
  DeepSeekV2LiteConfig: [27, 2048, 16, 16, 10944, { headDim: 16, experts: [64, 6, 1408], latent: true }],
  DeepSeekV3Config: [
    61,
    7168,
    128,
    128,
    18432,
    { headDim: 128, experts: [256, 8, 2048], latent: true, sigmoid: true },
  ],
  GPTConfig175B: [96, 12288, 96, 96, 49152, { plain: true, tied: true, biases: true }],
  GPTOSSConfig120B: [36, 2880, 64, 8, 2880, { headDim: 64, experts: [128, 4, 2880], biases: true }],
  GPTOSSConfig20B: [24, 2880, 64, 8, 2880, { headDim: 64, experts: [32, 4, 2880], biases: true }],
  Gemma2Config27B: [46, 4608, 32, 16, 36864, { headDim: 128, tied: true }],
  Gemma2Config2B: [26, 2304, 8, 4, 9216, { headDim: 256, tied: true }],
  Gemma2Config9B: [42, 3584, 16, 8, 14336, { headDim: 256, tied: true }],
  Gemma3Config1B: [26, 1152, 4, 1, 6912, { headDim: 256, tied: true }],
  GemmaConfig2B: [18, 2048, 8, 1, 16384, { tied: true }],
  GemmaConfig7B: [28, 3072, 16, 16, 24576, { headDim: 256, tied: true }],
  Llama2Config7B: [32, 4096, 32, 32, 11008],
  Llama31Config405B: [126, 16384, 128, 8, 53248],
  Llama31Config70B: [80, 8192, 64, 8, 28672],
  Llama31Config8B: [32, 4096, 32, 8, 14336],
  Llama31Nemotron70BConfig: [80, 8192, 64, 8, 28672],
  Llama31NemotronNano8BConfig: [32, 4096, 32, 8, 14336],
  Llama32Config1B: [16, 2048, 32, 8, 8192, { tied: true }],
  Llama32Config3B: [28, 3072, 24, 8, 8192, { tied: true }],
  Llama3Config70B: [80, 8192, 64, 8, 28672],
  Llama3Config8B: [32, 4096, 32, 8, 14336],
  Llama4Experts128Config: [48, 5120, 40, 8, 16384, { experts: [128, 1, 8192], sigmoid: true }],
  Llama4Experts16Config: [48, 5120, 40, 8, 16384, { experts: [16, 1, 8192], sigmoid: true }],
  MistralConfig7B: [32, 4096, 32, 8, 14336],
  MistralNeMoConfig12B: [40, 5120, 32, 8, 14336, { headDim: 128 }],
  MixtralConfig8x22B: [56, 6144, 48, 8, 16384, { experts: [8, 2, 16384] }],
  MixtralConfig8x7B: [32, 4096, 32, 8, 14336, { experts: [8, 2, 14336] }],
  NVIDIAMambaConfig8B: [56, 4096, 32, 32, 4096, { hybrid: 'M'.repeat(56), plain: true }],
  NVIDIAMambaHybridConfig8B: [
    56,
    4096,
    32,
    8,
    16384,
    { hybrid: 'M-M-M--M-M*-M-M-M-M--M*-M-M-M-M-M*--M-M-M-M-M*-M--M-M-M-', plain: true },
  ],
  Nemotron3Config22B: [40, 6144, 48, 48, 24576, { plain: true }],
  Nemotron3Config4B: [32, 3072, 24, 8, 9216, { plain: true }],
  Nemotron3Config8B: [32, 4096, 32, 32, 16384, { plain: true }],
  Nemotron4Config15B: [32, 6144, 48, 8, 24576, { plain: true }],
  Nemotron4Config340B: [96, 18432, 96, 8, 73728, { plain: true }],
  NemotronHConfig47B: [
    98,
    8192,
    64,
    8,
    30720,
    {
      hybrid:
        'M-M-M-M-M-M-M-M-M*-M-M-M-M-M-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-M-M---MM---M-M*-M-M-M-M-M-',
      plain: true,
    },
  ],
  NemotronHConfig4B: [
    52,
    3072,
    32,
    8,
    12288,
    { headDim: 128, hybrid: 'M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-', plain: true },
  ],
  NemotronHConfig56B: [
    118,
    8192,
    64,
    8,
    32768,
    {
      hybrid:
        'M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-',
      plain: true,
    },
  ],
  NemotronHConfig8B: [
    52,
    4096,
    32,
    8,
    21504,
    { hybrid: 'M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-', plain: true },
  ],
  NemotronNano12Bv2: [
    62,
    5120,
    40,
    8,
    20480,
    { hybrid: 'M-M-M-M*-M-M-M-M*-M-M-M-M*-M-M-M-M*-M-M-M-M*-M-M-M-M*-M-M-M-M-', plain: true },
  ],
  NemotronNano9Bv2: [
    56,
    4480,
    40,
    8,
    15680,
    { headDim: 128, hybrid: 'M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-', plain: true },
  ],
  Phi3ConfigMini: [32, 3072, 32, 32, 8192],
  Qwen25Config14B: [48, 5120, 40, 8, 13824],
  Qwen25Config1P5B: [28, 1536, 12, 2, 8960],
  Qwen25Config32B: [64, 5120, 40, 8, 27648],
  Qwen25Config500M: [24, 896, 14, 2, 4864],
  Qwen25Config72B: [80, 8192, 64, 8, 29568],
  Qwen25Config7B: [28, 3584, 28, 4, 18944],
  Qwen2Config1P5B: [28, 1536, 12, 2, 8960],
  Qwen2Config500M: [24, 896, 14, 2, 4864],
  Qwen2Config72B: [80, 8192, 64, 8, 29568],
  Qwen2Config7B: [28, 3584, 28, 4, 18944],
  Qwen3Config14B: [40, 5120, 40, 8, 17408],
  Qwen3Config1P7B: [28, 2048, 16, 8, 6144, { tied: true }],
  Qwen3Config235B_A22B: [94, 4096, 64, 4, 12288, { headDim: 128, experts: [128, 8, 1536] }],
  Qwen3Config30B_A3B: [48, 2048, 32, 4, 6144, { headDim: 128, experts: [128, 8, 768] }],
  Qwen3Config32B: [64, 5120, 64, 8, 25600, { headDim: 128 }],
  Qwen3Config4B: [36, 2560, 32, 8, 9728, { headDim: 128, tied: true }],
  Qwen3Config600M: [28, 1024, 16, 8, 3072, { headDim: 128, tied: true }],
  Qwen3Config8B: [36, 4096, 32, 8, 12288],
  Starcoder2Config15B: [40, 6144, 48, 4, 24576, { plain: true, biases: true }],
  Starcoder2Config3B: [30, 3072, 24, 2, 12288, { plain: true, biases: true }],
  Starcoder2Config7B: [32, 4608, 36, 4, 18432, { plain: true, biases: true }],
  StarcoderConfig15B: [40, 6144, 48, 1, 24576, { plain: true, biases: true }],
};
