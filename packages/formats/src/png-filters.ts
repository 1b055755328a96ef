/**
 * Undoes the filters of PNG rows (PNG specification, section 9): each row is a filter type and `rowBytes` bytes, `step` is
 * the distance of a byte to the one of the pixel before. `undefined` where a type is unknown.
 */
export function unfilter(rows: Uint8Array, rowBytes: number, step: number): Uint8Array<ArrayBuffer> | undefined {
  const height = rows.length / (rowBytes + 1);
  const out = new Uint8Array(height * rowBytes);
  // Above the first row all is 0.
  let above = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const start = y * (rowBytes + 1) + 1;
    const row = out.subarray(y * rowBytes, (y + 1) * rowBytes);
    row.set(rows.subarray(start, start + rowBytes));
    const filter = FILTERS[rows[start - 1]];
    if (!filter) return undefined;
    filter(row, above, step);
    above = row;
  }
  return out;
}

type Filter = (row: Uint8Array, above: Uint8Array, step: number) => void;

const FILTERS: readonly (Filter | undefined)[] = [
  () => {},
  function sub(row, _, step) {
    for (let i = step; i < row.length; i++) row[i] += row[i - step];
  },
  function up(row, above) {
    for (let i = 0; i < row.length; i++) row[i] += above[i];
  },
  function average(row, above, step) {
    for (let i = 0; i < row.length; i++) row[i] += ((i < step ? 0 : row[i - step]) + above[i]) >> 1;
  },
  function paeth(row, above, step) {
    for (let i = 0; i < Math.min(step, row.length); i++) row[i] += above[i];
    for (let i = step; i < row.length; i++) {
      const left = row[i - step];
      const up = above[i];
      const corner = above[i - step];
      const a = Math.abs(up - corner);
      const b = Math.abs(left - corner);
      const c = Math.abs(left + up - 2 * corner);
      row[i] += a <= b && a <= c ? left : b <= c ? up : corner;
    }
  },
];
