import { glibcPart, type Koffi } from './systemLibrary.ts';

/** Bytes of `fenv_t` on x86-64, in glibc as in musl; its last four are the register MXCSR. */
const ENVIRONMENT_BYTES = 32;
const MXCSR_OFFSET = 28;
/** MXCSR's bits: results below the normal range become 0, and operands below it count as 0. */
const FLUSH_TO_ZERO = 0x8000;
const DENORMALS_ARE_ZERO = 0x40;

/**
 * Has the processor take subnormal numbers (below 1.2e-38 in f32) for 0 on the calling thread, as TensorFlow and XLA do.
 *
 * On Intel's processors an operation that touches one is some hundred cycles slower, and the exponentials of masked
 * attention scores all fall there: softmax takes three times as long. Never call it on a thread whose JavaScript counts
 * for something: its numbers are affected, too.
 *
 * Processors and systems other than Linux on x86-64 are left as they are.
 */
export function flushDenormals(koffi: Koffi): void {
  if (process.arch !== 'x64') return;
  const libm = glibcPart(koffi, 'libm.so.6');
  if (libm === undefined) return; // slower, not wrong
  const environment = Buffer.alloc(ENVIRONMENT_BYTES);
  libm.func('fegetenv', 'int', ['void *'])(environment);
  const control = environment.readUInt32LE(MXCSR_OFFSET);
  environment.writeUInt32LE(control | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO, MXCSR_OFFSET);
  libm.func('fesetenv', 'int', ['const void *'])(environment);
}
