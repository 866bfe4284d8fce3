import type { DType } from '@tether/graph';
import { typeText, type ProgramBuilder, type Value } from './builder.ts';
import type { Lowering, LoweringContext } from './context.ts';

/** The operands, repeated to the shape of the result. */
const whole = ({ builder, node, inputs }: LoweringContext): Value[] =>
  inputs.map((input) => builder.broadcast(input, node.shape));

/** One StableHLO operation, once its operands have one shape. */
export const direct =
  (operator: string): Lowering =>
  (_, context) =>
    context.builder.elementwise(operator, whole(context));

type Direction = 'EQ' | 'LT' | 'LE';

/** Elementwise comparison of two values of one type. */
export function comparison(builder: ProgramBuilder, direction: Direction, a: Value, b: Value): Value {
  const type = { dtype: 'bool', shape: a.shape } as const;
  const kind = a.dtype === 'i32' ? 'SIGNED' : 'FLOAT';
  return builder.emit(
    `stablehlo.compare ${direction}, ${a.name}, ${b.name}, ${kind} : (${typeText(a)}, ${typeText(b)}) -> ${typeText(type)}`,
    type,
  );
}

/** Elementwise `condition ? a : b` of one shape. */
export function choose(builder: ProgramBuilder, condition: Value, a: Value, b: Value): Value {
  const names = [condition, a, b].map(({ name }) => name).join(', ');
  return builder.emit(`stablehlo.select ${names} : ${typeText(condition)}, ${typeText(a)}`, a);
}

export const compare =
  (direction: Direction): Lowering =>
  (_, context) => {
    const [a, b] = whole(context) as [Value, Value];
    return comparison(context.builder, direction, a, b);
  };

export const select: Lowering = (_, context) => {
  const [condition, a, b] = whole(context) as [Value, Value, Value];
  return choose(context.builder, condition, a, b);
};

export const cast: Lowering<{ dtype: DType }> = ({ dtype }, { builder, inputs }) => builder.convert(inputs[0]!, dtype);

/** From here on the nearest f32 to erf(x) is ±1. */
const ERF_SATURATES = 4;

/**
 * StableHLO has no error function; its companion dialect CHLO has, and plugins take that too. Its polynomial stops one
 * unit short of ±1, which GELU would multiply by a large x.
 */
export const erf: Lowering = (_, { builder, inputs, node }) => {
  const [x] = inputs as readonly [Value];
  const near = builder.emit(`chlo.erf ${x.name} : ${typeText(node)} -> ${typeText(node)}`, node);
  const isFar = comparison(builder, 'LE', builder.constant([ERF_SATURATES], x), builder.elementwise('abs', [x]));
  return choose(builder, isFar, builder.elementwise('sign', [x]), near);
};
