import { halfToFloat } from '@unseen/formats';

/** The largest finite half float. */
export const LARGEST_HALF = 65504;

const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);

/** The half float (IEEE 754 binary16) nearest to a finite number of at most {@link LARGEST_HALF}, ties to even, as bits. */
export function toHalf(value: number): number {
  number[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const magnitude = Math.abs(number[0]);
  // Below the normal numbers halves are 2⁻²⁴ apart.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  const mantissa = bits[0] & 0x7fffff;
  const exponent = ((bits[0] >>> 23) & 0xff) - 112;
  // A mantissa that rounds up to 1024 carries into the exponent, as it should.
  return sign | ((exponent << 10) + roundToEven(mantissa / 2 ** 13));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

let table: Float32Array | undefined;

/** The values of half floats, in an array of their number or in `values`. */
export function fromHalves(halves: Uint16Array, values: Float32Array = new Float32Array(halves.length)): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, half) => halfToFloat(half));
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]];
  return values;
}
