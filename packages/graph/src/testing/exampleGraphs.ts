import * as g from '../index.ts';

/** Small graphs whose text is kept in `testdata`: what people see of a graph, and what must not change by accident. */

function logistic(): g.Graph {
  const weight = g.input('weight', 'f32', [3, 1]);
  const features = g.input('features', 'f32', [4, 3]);
  const loss = g.scope('loss', () => g.mean(g.softplus(g.reshape(g.matmul(features, weight), [4]))));
  const [gradient] = g.grad(loss, [weight]);
  return g.traceGraph({ loss, 'gradient/weight': gradient! });
}

function attention(): g.Graph {
  const states = g.input('states', 'f32', [2, 4, 8]);
  const query = g.input('query', 'f32', [8, 8]);
  const mixed = g.scope('layers.0', () =>
    g.scope('attention', () => {
      const weight = g.broadcast(query, [2, 8, 8]);
      const projected = g.matmul(states, weight, { transposeB: true });
      const scores = g.matmul(projected, states, { transposeB: true });
      const isVisible = g.lessEqual(g.iota([4, 4], 1), g.iota([4, 4], 0));
      return g.matmul(g.softmax(g.select(isVisible, scores, -1e9)), states);
    }),
  );
  return g.traceGraph({ mixed });
}

function embedding(): g.Graph {
  const table = g.input('table', 'f32', [10, 4]);
  const tokens = g.input('tokens', 'i32', [2, 3]);
  const norm = g.rmsNorm(g.gather(table, tokens), g.input('norm', 'f32', [4]), 1e-5);
  const [gradient] = g.grad(g.reduceSum(norm), [table]);
  return g.traceGraph({ gradient: gradient! });
}

function everyAttribute(): g.Graph {
  const x = g.input('x', 'f32', [2, 3]);
  const bits = g.randomBits(g.input('seed', 'i32', []), [2, 3], 7);
  const padded = g.pad(g.slice(x, [0, 1], [2, 3]), [0, 1], [0, 0], -1.5);
  const joined = g.concat([padded, g.transpose(g.constant([1, 2, 3, 4, 5, 6], 'f32', [3, 2]), [1, 0])], 0);
  return g.traceGraph({
    joined,
    largest: g.reduceMax(joined, [1], true),
    place: g.argMax(joined, 1),
    kept: g.cast(g.less(bits, 2 ** 23), 'bf16'),
    sums: g.scatterAdd(g.broadcast(g.constant(0.5), [12, 2]), g.iota([12], 0), 12),
    table: g.constant(
      Float64Array.from({ length: 12 }, (_, at) => at / 8),
      'f32',
      [12],
    ),
  });
}

export const EXAMPLE_GRAPHS: Readonly<Record<string, () => g.Graph>> = {
  logistic,
  'logistic.optimized': () => g.optimize(logistic()),
  attention,
  'attention.optimized': () => g.optimize(attention(), ['softmax']),
  embedding,
  'embedding.optimized': () => g.optimize(embedding()),
  everyAttribute,
};
