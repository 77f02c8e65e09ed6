/** How what passes between two stages is sent otherwise than as it is. */
export interface Boundary {
  /** Of its bytes. */
  readonly share: number;
  /** Of one micro-batch, on the GPU that sends it and on the one that it is sent to. */
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
}

export const AS_IT_IS: Boundary = { share: 1, encodeSeconds: 0, decodeSeconds: 0 };
