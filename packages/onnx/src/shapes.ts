import { type Convolution, type Pooling, type Shape, windowOutput } from '@unseen/tensor';

/** Shape of a sum over sorted axes. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n));
  return keepDims ? kept : kept.filter((_, i) => !axes.includes(i));
}

/** Shape of a convolution's map; throws where the filter does not fit the map. */
export function convShape(x: Shape, filter: Shape, options: Convolution, depthwise: boolean): number[] {
  const { stride, dilation, padding } = options;
  const [n, h, w, c] = x;
  const [out, inputs, kh, kw] = filter;
  if (x.length !== 4 || filter.length !== 4 || (depthwise ? out !== c || inputs !== 1 : inputs !== c))
    throw new Error(`a ${depthwise ? 'depthwise ' : ''}filter [${filter}] does not fit a map [${x}]`);
  return [
    n,
    windowOutput(h, kh, stride, dilation, padding[0] + padding[1]),
    windowOutput(w, kw, stride, dilation, padding[2] + padding[3]),
    out,
  ];
}

/** Shape of a pooled map. */
export function poolShape([n, h, w, c]: Shape, { size, stride, padding }: Pooling): number[] {
  return [
    n,
    windowOutput(h, size, stride, 1, padding[0] + padding[1]),
    windowOutput(w, size, stride, 1, padding[2] + padding[3]),
    c,
  ];
}

/** Shape of a matrix product; throws where the operands do not fit. */
export function matMulShape(a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): number[] {
  const [m, k] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [l, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  const leading = a.slice(0, -2);
  if (a.length !== b.length || a.length < 2 || k !== l || leading.some((size, i) => size !== b[i])) {
    const how = `${transposeA ? ', a transposed' : ''}${transposeB ? ', b transposed' : ''}`;
    throw new Error(`no matrix product of [${a}] and [${b}]${how}`);
  }
  return [...leading, m, n];
}
