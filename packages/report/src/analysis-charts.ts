import { type ChartSpec, keyOf, PALETTE, SHOWN_NAME } from './charts.ts';

/** A segment of a stacked bar. */
export interface BarPart {
  readonly category: string;
  readonly part: string;
  readonly share: number;
}

/** Horizontal stacked bars, segments in order of first appearance; `colors` has one per segment. */
export function dividedBars(parts: readonly BarPart[], title: string, colors: readonly string[]): ChartSpec {
  const categories = [...new Set(parts.map(({ category }) => keyOf(category)))];
  const names = [...new Set(parts.map(({ part }) => part))];
  return {
    data: { values: parts.map((one) => ({ ...one, category: keyOf(one.category), order: names.indexOf(one.part) })) },
    width: 540,
    height: { step: 20 },
    mark: { type: 'bar' },
    encoding: {
      y: {
        ...({ field: 'category', type: 'nominal', sort: categories } as const),
        axis: { title: null, ticks: false, labelExpr: SHOWN_NAME },
      },
      x: {
        field: 'share',
        type: 'quantitative',
        stack: 'zero',
        title,
        scale: { domain: [0, 1] },
        axis: { format: '%' },
      },
      order: { field: 'order', type: 'quantitative' },
      color: { field: 'part', type: 'nominal', scale: { domain: names, range: [...colors] }, legend: { title: null } },
    },
  };
}

/** Points of one frame of {@link pointFrames}. */
export interface FramedPoints {
  readonly frame: string;
  readonly series: string;
  readonly points: readonly (readonly number[])[];
}

/** Number of grey background points: enough to see where classes are. */
const MOST_BENEATH = 250;

/**
 * Point clouds in frames with a common scale. In every frame, some points of the first series of all frames are drawn
 * in grey beneath.
 */
export function pointFrames(clouds: readonly FramedPoints[], axes: readonly [string, string]): ChartSpec {
  const frames = [...new Set(clouds.map(({ frame }) => keyOf(frame)))];
  const series = [...new Set(clouds.map((cloud) => cloud.series))];
  const all = clouds.filter((cloud) => cloud.series === series[0]).flatMap(({ points }) => points);
  const every = Math.ceil(all.length / MOST_BENEATH);
  const beneath = all.filter((_, i) => i % every === 0);
  const values = frames.flatMap((frame) => [
    ...beneath.map(([x, y]) => ({ frame, series: 'all', x, y })),
    ...clouds
      .filter((cloud) => keyOf(cloud.frame) === frame)
      .flatMap((cloud) => cloud.points.map(([x, y]) => ({ frame, series: cloud.series, x, y }))),
  ]);
  const axis = { tickCount: 3 };
  return {
    data: { values },
    facet: { field: 'frame', type: 'nominal', sort: frames, title: null, header: { labelExpr: SHOWN_NAME } },
    columns: 4,
    spec: {
      width: 170,
      height: 150,
      mark: { type: 'point', filled: true, size: 9 },
      encoding: {
        x: { field: 'x', type: 'quantitative', title: axes[0], axis, scale: { zero: false } },
        y: { field: 'y', type: 'quantitative', title: axes[1], axis, scale: { zero: false } },
        color: {
          field: 'series',
          type: 'nominal',
          scale: { domain: ['all', ...series], range: [...PALETTE] },
          legend: { title: null, values: series, symbolSize: 60, symbolOpacity: 1 },
        },
        opacity: { condition: { test: "datum.series === 'all'", value: 0.3 }, value: 0.7 },
      },
    },
  };
}
