/** GPUs that most published runs are on. */
export const DATA_CENTRE = /^(a100|h100|h200|h800|gh200|b200|b300|gb200|gb300)\b/;
