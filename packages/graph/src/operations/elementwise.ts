import { defineOperation, type GradientRule, type NoAttributes, type Operation } from '../operation.ts';
import { apply, type Tensor } from '../tensor.ts';
import { broadcastShapes, isFloat, ShapeError, type DType } from '../types.ts';
import { sumToShape } from './layout.ts';
import { constant } from './source.ts';

/** A tensor, or a number that takes the other operand's element type. */
export type Operand = Tensor | number;

const asTensor = (operand: Operand, dtype: DType): Tensor =>
  typeof operand === 'number' ? constant(operand, dtype) : operand;

function pairOf(a: Operand, b: Operand): [Tensor, Tensor] {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'f32';
  return [asTensor(a, dtype), asTensor(b, dtype)];
}

/** Gradient rule of a two-operand operation from the gradients as if nothing had been broadcast. */
const binaryGradient =
  (rule: (a: Tensor, b: Tensor, g: Tensor, y: Tensor) => readonly [Tensor, Tensor]): GradientRule<NoAttributes> =>
  ({ inputs, output, outputGradient }) => {
    const [a, b] = inputs as readonly [Tensor, Tensor]; // arity is fixed by `binary`
    const [da, db] = rule(a, b, outputGradient, output);
    return [sumToShape(da, a.shape), sumToShape(db, b.shape)];
  };

const unaryGradient =
  (rule: (x: Tensor, g: Tensor, y: Tensor) => Tensor): GradientRule<NoAttributes> =>
  ({ inputs, output, outputGradient }) => [rule(inputs[0]!, outputGradient, output)];

function binary<const Name extends string>(
  name: Name,
  accepts: (dtype: DType) => boolean,
  scalar: (a: number, b: number) => number,
  gradient: GradientRule<NoAttributes> | 'none',
): Operation<Name, NoAttributes> {
  return defineOperation<Name>({
    name,
    scalar,
    gradient,
    type: ([a, b]) => {
      if (a!.dtype !== b!.dtype) throw new ShapeError('both operands need the same element type');
      if (!accepts(a!.dtype)) throw new ShapeError(`does not take ${a!.dtype}`);
      return { dtype: a!.dtype, shape: broadcastShapes(a!.shape, b!.shape) };
    },
  });
}

function unary<const Name extends string>(
  name: Name,
  scalar: (x: number) => number,
  gradient: GradientRule<NoAttributes> | 'none',
): Operation<Name, NoAttributes> {
  return defineOperation<Name>({
    name,
    scalar,
    gradient,
    type: ([x]) => {
      if (!isFloat(x!.dtype) && !(x!.dtype === 'i32' && (name === 'neg' || name === 'abs'))) {
        throw new ShapeError(`does not take ${x!.dtype}`);
      }
      return x!;
    },
  });
}

const isNumber = (dtype: DType): boolean => dtype !== 'bool';

export const addOperation = binary(
  'add',
  isNumber,
  (a, b) => a + b,
  binaryGradient((_a, _b, g) => [g, g]),
);
export const subOperation = binary(
  'sub',
  isNumber,
  (a, b) => a - b,
  binaryGradient((_a, _b, g) => [g, neg(g)]),
);
export const mulOperation = {
  ...binary(
    'mul',
    isNumber,
    (a, b) => a * b,
    binaryGradient((a, b, g) => [mul(g, b), mul(g, a)]),
  ),
  integerScalar: Math.imul,
};
export const divOperation = binary(
  'div',
  isFloat,
  (a, b) => a / b,
  binaryGradient((_a, b, g, y) => [div(g, b), neg(div(mul(g, y), b))]),
);
/** d(aᵇ)/da = b·aᵇ⁻¹. The exponent's gradient needs a > 0; it is not given for constant exponents. */
export const powOperation = binary(
  'pow',
  isFloat,
  (a, b) => Math.pow(a, b),
  ({ inputs, output, outputGradient }) => {
    const [a, b] = inputs as readonly [Tensor, Tensor];
    const da = sumToShape(mul(outputGradient, mul(b, pow(a, sub(b, 1)))), a.shape);
    if (b.operation.name === 'constant') return [da, undefined];
    return [da, sumToShape(mul(outputGradient, mul(output, log(a))), b.shape)];
  },
);
/** At a tie the gradient goes to the first operand. */
export const maximumOperation = binary(
  'maximum',
  isNumber,
  (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : a >= b ? a : b),
  binaryGradient((a, b, g) => routeGradient(lessEqual(b, a), g)),
);
export const minimumOperation = binary(
  'minimum',
  isNumber,
  (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : a <= b ? a : b),
  binaryGradient((a, b, g) => routeGradient(lessEqual(a, b), g)),
);
const routeGradient = (toFirst: Tensor, g: Tensor): readonly [Tensor, Tensor] => [
  select(toFirst, g, constant(0, g.dtype)),
  select(toFirst, constant(0, g.dtype), g),
];

export const negOperation = unary(
  'neg',
  (x) => -x,
  unaryGradient((_x, g) => neg(g)),
);
export const expOperation = unary(
  'exp',
  Math.exp,
  unaryGradient((_x, g, y) => mul(g, y)),
);
export const logOperation = unary(
  'log',
  Math.log,
  unaryGradient((x, g) => div(g, x)),
);
export const sqrtOperation = unary(
  'sqrt',
  Math.sqrt,
  unaryGradient((_x, g, y) => div(mul(g, 0.5), y)),
);
export const tanhOperation = unary(
  'tanh',
  Math.tanh,
  unaryGradient((_x, g, y) => mul(g, sub(1, mul(y, y)))),
);
export const sigmoidOperation = unary(
  'sigmoid',
  (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  unaryGradient((_x, g, y) => mul(g, mul(y, sub(1, y)))),
);
/** d erf(x)/dx = 2/√π · exp(−x²). */
export const erfOperation = unary(
  'erf',
  erfOf,
  unaryGradient((x, g) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))),
);
export const sinOperation = unary(
  'sin',
  Math.sin,
  unaryGradient((x, g) => mul(g, cos(x))),
);
export const cosOperation = unary(
  'cos',
  Math.cos,
  unaryGradient((x, g) => neg(mul(g, sin(x)))),
);
export const absOperation = unary(
  'abs',
  Math.abs,
  unaryGradient((x, g) => mul(g, sign(x))),
);
export const signOperation = unary('sign', Math.sign, 'none');
export const floorOperation = unary('floor', Math.floor, 'none');

export const add = (a: Operand, b: Operand): Tensor => apply(addOperation, pairOf(a, b), {});
export const sub = (a: Operand, b: Operand): Tensor => apply(subOperation, pairOf(a, b), {});
export const mul = (a: Operand, b: Operand): Tensor => apply(mulOperation, pairOf(a, b), {});
export const div = (a: Operand, b: Operand): Tensor => apply(divOperation, pairOf(a, b), {});
export const pow = (a: Operand, b: Operand): Tensor => apply(powOperation, pairOf(a, b), {});
export const maximum = (a: Operand, b: Operand): Tensor => apply(maximumOperation, pairOf(a, b), {});
export const minimum = (a: Operand, b: Operand): Tensor => apply(minimumOperation, pairOf(a, b), {});
export const neg = (x: Tensor): Tensor => apply(negOperation, [x], {});
export const exp = (x: Tensor): Tensor => apply(expOperation, [x], {});
export const log = (x: Tensor): Tensor => apply(logOperation, [x], {});
export const sqrt = (x: Tensor): Tensor => apply(sqrtOperation, [x], {});
export const tanh = (x: Tensor): Tensor => apply(tanhOperation, [x], {});
export const sigmoid = (x: Tensor): Tensor => apply(sigmoidOperation, [x], {});
export const erf = (x: Tensor): Tensor => apply(erfOperation, [x], {});
export const sin = (x: Tensor): Tensor => apply(sinOperation, [x], {});
export const cos = (x: Tensor): Tensor => apply(cosOperation, [x], {});
export const abs = (x: Tensor): Tensor => apply(absOperation, [x], {});
export const sign = (x: Tensor): Tensor => apply(signOperation, [x], {});
export const floor = (x: Tensor): Tensor => apply(floorOperation, [x], {});

const isLogical = (dtype: DType): boolean => dtype === 'bool';

function comparison<const Name extends string>(
  name: Name,
  accepts: (dtype: DType) => boolean,
  test: (a: number, b: number) => boolean,
): Operation<Name, NoAttributes> {
  const base = binary(name, accepts, (a, b) => (test(a, b) ? 1 : 0), 'none');
  return { ...base, type: (inputs, attributes) => ({ dtype: 'bool', shape: base.type(inputs, attributes).shape }) };
}

export const equalOperation = comparison('equal', isNumber, (a, b) => a === b);
export const lessOperation = comparison('less', isNumber, (a, b) => a < b);
export const lessEqualOperation = comparison('lessEqual', isNumber, (a, b) => a <= b);
export const andOperation = comparison('and', isLogical, (a, b) => a !== 0 && b !== 0);
export const orOperation = comparison('or', isLogical, (a, b) => a !== 0 || b !== 0);
export const notOperation = defineOperation<'not'>({
  name: 'not',
  scalar: (x) => (x === 0 ? 1 : 0),
  gradient: 'none',
  type: ([x]) => {
    if (x!.dtype !== 'bool') throw new ShapeError('takes booleans');
    return x!;
  },
});

export const equal = (a: Operand, b: Operand): Tensor => apply(equalOperation, pairOf(a, b), {});
export const less = (a: Operand, b: Operand): Tensor => apply(lessOperation, pairOf(a, b), {});
export const lessEqual = (a: Operand, b: Operand): Tensor => apply(lessEqualOperation, pairOf(a, b), {});
export const greater = (a: Operand, b: Operand): Tensor => less(b, a);
export const and = (a: Tensor, b: Tensor): Tensor => apply(andOperation, [a, b], {});
export const or = (a: Tensor, b: Tensor): Tensor => apply(orOperation, [a, b], {});
export const not = (x: Tensor): Tensor => apply(notOperation, [x], {});

export const selectOperation = defineOperation<'select'>({
  name: 'select',
  scalar: (condition, a, b) => (condition !== 0 ? a : b),
  type: ([condition, a, b]) => {
    if (condition!.dtype !== 'bool') throw new ShapeError('the condition is a boolean');
    if (a!.dtype !== b!.dtype) throw new ShapeError('both branches need the same element type');
    return { dtype: a!.dtype, shape: broadcastShapes(condition!.shape, a!.shape, b!.shape) };
  },
  gradient: ({ inputs, outputGradient: g }) => {
    const [condition, a, b] = inputs as readonly [Tensor, Tensor, Tensor];
    const zero = constant(0, g.dtype);
    return [
      undefined,
      sumToShape(select(condition, g, zero), a.shape),
      sumToShape(select(condition, zero, g), b.shape),
    ];
  },
});

/** Elementwise `condition ? a : b`, broadcasting all three. */
export function select(condition: Tensor, a: Operand, b: Operand): Tensor {
  return apply(selectOperation, [condition, ...pairOf(a, b)], {});
}

export const castOperation = defineOperation<'cast', { dtype: DType }>({
  name: 'cast',
  type: ([x], { dtype }) => ({ dtype, shape: x!.shape }),
  gradient: ({ inputs, outputGradient }) => [
    isFloat(inputs[0]!.dtype) ? cast(outputGradient, inputs[0]!.dtype) : undefined,
  ],
});

/** Converts element types: floats to integers toward zero, booleans to 0 and 1, numbers to `x ≠ 0`. */
export const cast = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : apply(castOperation, [x], { dtype }));

/**
 * The error function in float64: Taylor series below 2.5, Lentz's continued fraction of erfc above
 * (Abramowitz & Stegun 7.1.5 and 7.1.14). Relative error below 1e-12.
 */
export function erfOf(x: number): number {
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (magnitude > 6) return Math.sign(x);
  if (magnitude < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 100 && Math.abs(term) > 1e-18; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (magnitude + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (magnitude + fraction));
}
