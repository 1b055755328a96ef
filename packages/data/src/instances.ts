import type { InstanceSet } from '@unseen/core';

/** An object of one image. */
export type Instance = InstanceSet['items'][number];

interface Drawn {
  readonly runs: number[];
  /** Place after the last run, counted down the columns. */
  end: number;
  readonly box: [number, number, number, number];
}

/**
 * The annotated objects (score 1) of a map of object ids [height, width], with the class of each id, in the order of
 * `classes`. Ids without a class and objects without a pixel are left out.
 */
export function annotatedInstances(
  ids: ArrayLike<number>,
  height: number,
  width: number,
  classes: ReadonlyMap<number, number>,
): Instance[] {
  const total = height * width;
  const drawn = new Map<number, Drawn>();
  const at = (place: number) => ids[(place % height) * width + Math.floor(place / height)];
  for (let start = 0; start < total; ) {
    const id = at(start);
    let end = start + 1;
    while (end < total && at(end) === id) end++;
    if (classes.has(id)) {
      let object = drawn.get(id);
      if (!object) {
        object = { runs: [], end: 0, box: [width, height, 0, 0] };
        drawn.set(id, object);
      }
      addRun(object, start, end, height);
    }
    start = end;
  }
  return [...classes].flatMap(([id, classId]) => {
    const object = drawn.get(id);
    if (!object) return [];
    const { runs, end, box } = object;
    return [{ classId, score: 1, mask: end < total ? [...runs, total - end] : runs, box }];
  });
}

function addRun(object: Drawn, start: number, end: number, height: number): void {
  object.runs.push(start - object.end, end - start);
  object.end = end;
  const { box } = object;
  const [left, right] = [Math.floor(start / height), Math.floor((end - 1) / height)];
  // A run over several columns reaches from the top to the bottom.
  const [top, bottom] = left === right ? [start % height, ((end - 1) % height) + 1] : [0, height];
  box[0] = Math.min(box[0], left);
  box[1] = Math.min(box[1], top);
  box[2] = Math.max(box[2], right + 1);
  box[3] = Math.max(box[3], bottom);
}
