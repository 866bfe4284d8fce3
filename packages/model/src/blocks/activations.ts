import { add, mul, silu, tanh, type Tensor } from '@tether/graph';
import type { Activation } from '../config/index.ts';

/**
 * GELU by tanh: ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks & Gimpel, arXiv 1606.08415), which Hugging Face calls
 * `gelu_pytorch_tanh` and `gelu_new`.
 */
export function geluTanh(x: Tensor): Tensor {
  const inner = mul(mul(x, add(mul(mul(x, x), 0.044715), 1)), Math.sqrt(2 / Math.PI));
  return mul(mul(x, 0.5), add(tanh(inner), 1));
}

export const ACTIVATIONS: Readonly<Record<Activation, (x: Tensor) => Tensor>> = { silu, gelu_pytorch_tanh: geluTanh };

/** cap·tanh(x/cap): nearly x near 0, never beyond ±cap (Gemma 2, arXiv 2408.00118, §2). */
export const softCap = (x: Tensor, cap: number): Tensor => mul(tanh(mul(x, 1 / cap)), cap);
