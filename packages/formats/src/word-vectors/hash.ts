/**
 * FNV-1a over 32 bits, with bytes taken as signed: what fastText numbers character n-grams by. For ASCII it is the
 * ordinary FNV-1a.
 */
export function fnv1a(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ ((bytes[i] << 24) >> 24), 0x01000193);
  return hash >>> 0;
}
