/** Where an annotation is. */
export type Outline =
  | { readonly kind: 'polygons'; readonly polygons: readonly (readonly number[])[]; readonly broken: number }
  | { readonly kind: 'runs'; readonly size: unknown; readonly counts: unknown }
  /** It does not say, or not with a polygon that is one. */
  | { readonly kind: 'none'; readonly broken: number };

const MIN_CORNERS = 3;

/**
 * Reads the `segmentation` of an annotation: polygons (or one without the list around it), or run lengths. Polygons of fewer
 * than three corners or of half a corner are left out and counted as broken. `undefined` for anything else.
 */
export function outlineOf(segmentation: unknown): Outline | undefined {
  if (segmentation === undefined || segmentation === null) return { kind: 'none', broken: 0 };
  if (!Array.isArray(segmentation)) {
    if (typeof segmentation !== 'object' || !('counts' in segmentation) || !('size' in segmentation)) return undefined;
    return { kind: 'runs', size: segmentation.size, counts: segmentation.counts };
  }
  const parts: readonly unknown[] = typeof segmentation[0] === 'number' ? [segmentation] : segmentation;
  const polygons = parts.filter(isNumbers);
  if (polygons.length < parts.length) return undefined;
  const good = polygons.filter(({ length }) => length >= 2 * MIN_CORNERS && length % 2 === 0);
  const broken = polygons.length - good.length;
  return good.length > 0 ? { kind: 'polygons', polygons: good, broken } : { kind: 'none', broken };
}

function isNumbers(part: unknown): part is readonly number[] {
  return Array.isArray(part) && part.every((value) => Number.isFinite(value));
}
