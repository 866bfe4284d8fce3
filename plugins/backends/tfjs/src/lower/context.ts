import type { Shape, Tensor } from '@tether/graph';
import type { ElementType, Engine, Kernel, Value } from '../engines/engine.ts';

/** What a lowering function gets besides the operation's attributes. */
export interface LoweringContext {
  readonly engine: Engine;
  /** Type and shape of the result. */
  readonly node: Tensor;
  /** The operands; elements that broadcasting would repeat may still be missing. */
  readonly inputs: readonly Value[];
  /** Operand `index` with every element present. */
  whole(index: number): Value;
  /** The engine's. */
  readonly kernel: Kernel;
}

/**
 * Computes one operation. The result may be smaller than the node wherever it broadcasts to it. Whatever else is made
 * on the way is disposed of by the caller.
 */
export type Lowering<Attributes = unknown> = (attributes: Attributes, context: LoweringContext) => Value;

/** Repeats a value to a shape that it broadcasts to. */
export function expand(engine: Engine, x: Value, shape: Shape): Value {
  const { kernel } = engine;
  const lead = shape.length - x.shape.length;
  const aligned = [...new Array<number>(lead).fill(1), ...x.shape];
  const repeats = shape.map((extent, axis) => (aligned[axis] === extent ? 1 : extent));
  const whole = lead === 0 ? x : kernel('Reshape', { x }, { shape: aligned });
  if (repeats.every((count) => count === 1)) return whole;
  if (engine.native !== undefined) {
    const target = engine.upload(Int32Array.from(shape), [shape.length], 'int32');
    const type = x.dtype as ElementType; // no other is uploaded
    return engine.native(
      'BroadcastTo',
      [x, target],
      [
        { name: 'T', value: type },
        { name: 'Tidx', value: 'int32' },
      ],
    );
  }
  return kernel('Tile', { x: whole }, { reps: repeats });
}
