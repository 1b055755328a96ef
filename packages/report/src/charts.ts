import { printable } from '@unseen/core';
import type { Config, TopLevelSpec } from 'vega-lite';

/** Colours of methods and curves in order, legible on light and dark backgrounds; the first is the baseline's. */
export const PALETTE = [
  '#8b95a1',
  '#3b7dd8',
  '#d9822b',
  '#3f9f6b',
  '#8c6bb1',
  '#c8558c',
  '#2aa1a8',
  '#a6752c',
] as const;

// Text and rules use the colour of the page, so that one picture suits light and dark backgrounds.
const CONFIG: Config = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    domainColor: 'currentColor',
    tickColor: 'currentColor',
    gridColor: 'currentColor',
    domainOpacity: 0.4,
    tickOpacity: 0.4,
    gridOpacity: 0.14,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelLimit: 280,
  },
  legend: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    labelFontSize: 12,
    labelLimit: 300,
    orient: 'top',
    title: null,
  },
  header: { labelColor: 'currentColor', titleColor: 'currentColor', labelFontSize: 12, labelFontWeight: 'bold' },
  mark: { aria: false },
};

/** A Vega-Lite specification without the shared configuration. */
export type ChartSpec = TopLevelSpec;

/**
 * Draws a chart as SVG text without a browser. The colour of its text is `currentColor`; `name` keeps the ids of
 * several charts on one page apart; `alt` is the text alternative.
 */
export async function renderChart(spec: ChartSpec, name: string, alt: string): Promise<string> {
  const [vega, lite] = await Promise.all([import('vega'), import('vega-lite')]);
  const compiled = lite.compile({ ...spec, config: CONFIG }, { logger: vega.logger(vega.Error) });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logLevel: vega.Error });
  try {
    const svg = await view.toSVG();
    return svg
      .replaceAll(/ id="([^"]+)"/g, ` id="${name}-$1"`)
      .replaceAll(/url\(#([^)]+)\)/g, `url(#${name}-$1)`)
      .replace('<svg ', `<svg role="img" aria-label="${attribute(alt)}" `);
  } finally {
    view.finalize();
  }
}

/** Turns a chart into a standalone file whose text follows the viewer's light or dark preference. */
export function standaloneSvg(svg: string): string {
  const style = '<style>svg{color:#24292f}@media(prefers-color-scheme:dark){svg{color:#d7dde4}}</style>';
  return `${svg.replace(/(<svg [^>]*>)/, `$1${style}`)}\n`;
}

function attribute(text: string): string {
  return printable(text).replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** A name as a value of a chart: Vega looks values up in plain objects, which know names such as `constructor` already. */
export const keyOf = (name: string) => `=${printable(name)}`;
/** The label of a value of {@link keyOf}: the name itself. */
export const SHOWN_NAME = 'slice(datum.label, 1)';

/** One value of a series of bars. */
export interface Bar {
  readonly category: string;
  readonly series: string;
  readonly value: number;
  /** Half the length of the error bar. */
  readonly sd?: number;
}

/**
 * Horizontal bars, grouped by category; categories and series are in order of first appearance. `colors` has one colour
 * per series.
 */
export function barChart(
  bars: readonly Bar[],
  title: string,
  options: { readonly domain?: readonly [number, number]; readonly colors?: readonly string[] } = {},
): ChartSpec {
  const { domain, colors = PALETTE } = options;
  const categories = [...new Set(bars.map(({ category }) => keyOf(category)))];
  const series = [...new Set(bars.map((bar) => keyOf(bar.series)))];
  const thickness = series.length > 2 ? 8 : series.length > 1 ? 10 : 14;
  const y = {
    ...({ field: 'category', type: 'nominal', sort: categories } as const),
    axis: { title: null, ticks: false, labelExpr: SHOWN_NAME },
    scale: { paddingInner: 0.3, paddingOuter: 0.15 },
  };
  const yOffset = { field: 'series', sort: series } as const;
  const scale = { nice: true, ...(domain ? { domain: [...domain] } : {}) };
  return {
    data: {
      values: bars.map(({ sd = 0, value, ...bar }) => ({
        ...{ category: keyOf(bar.category), series: keyOf(bar.series) },
        ...{ value, low: value - sd, high: value + sd },
      })),
    },
    width: 540,
    height: { step: thickness, for: 'offset' },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          y,
          yOffset,
          x: { field: 'value', type: 'quantitative', title, scale },
          color: {
            field: 'series',
            type: 'nominal',
            scale: { domain: series, range: [...colors] },
            legend: { title: null, labelExpr: SHOWN_NAME },
          },
        },
      },
      ...(bars.some(({ sd }) => sd !== undefined)
        ? [
            {
              mark: { type: 'rule' as const, color: 'currentColor', strokeWidth: 1, opacity: 0.7 },
              encoding: {
                y,
                yOffset,
                x: { field: 'low', type: 'quantitative' as const },
                x2: { field: 'high' },
              },
            },
          ]
        : []),
    ],
  };
}

/** Confusion below this share of a row is left blank. */
export const SMALLEST_SHARE = 0.005;

/**
 * Confusion as shares of the ground truth: correct predictions blue, wrong ones orange, darker for larger shares. The
 * last column, if any pixel is in it, holds predictions outside the table.
 */
export function heatMap(
  names: readonly string[],
  confusion: readonly (readonly number[])[],
  support: readonly number[],
): ChartSpec {
  const cell = Math.max(4, Math.min(24, Math.round(560 / names.length)));
  const rows = confusion.map((row, g) => [...row, support[g] - row.reduce((sum, n) => sum + n, 0)]);
  const outside = rows.some((row) => row[names.length] > 0);
  const columns = outside ? [...names, 'no class'] : names;
  const values = rows.flatMap((row, g) =>
    row.flatMap((n, p) => {
      const share = support[g] > 0 ? n / support[g] : 0;
      return share < SMALLEST_SHARE ? [] : [{ truth: g, prediction: p, share, right: g === p }];
    }),
  );
  const small = cell < 11;
  const axis = (title: string, labels: readonly string[]) => ({
    title,
    ticks: false,
    domain: false,
    values: labels.map((_, i) => i),
    labelExpr: `slice(${JSON.stringify(labels.map(keyOf))}[datum.value], 1)`,
    ...(small ? { labelFontSize: 9, labelOverlap: 'greedy' as const } : { labelOverlap: false }),
  });
  const indices = (labels: readonly string[]) => ({ domain: labels.map((_, i) => i), paddingInner: small ? 0 : 0.06 });
  return {
    data: { values },
    width: cell * columns.length,
    height: cell * names.length,
    mark: { type: 'rect' },
    encoding: {
      y: { field: 'truth', type: 'ordinal', scale: indices(names), axis: axis('ground truth', names) },
      x: {
        field: 'prediction',
        type: 'ordinal',
        scale: indices(columns),
        axis: { ...axis('predicted as', columns), labelAngle: -60, orient: 'top' },
      },
      color: {
        field: 'right',
        type: 'nominal',
        legend: null,
        scale: { domain: [true, false], range: [PALETTE[1], PALETTE[2]] },
      },
      opacity: {
        field: 'share',
        type: 'quantitative',
        legend: null,
        scale: { type: 'sqrt', domain: [0, 1], range: [0.06, 1] },
      },
    },
  };
}

/** A point of a path through a plane. */
export interface PathPoint {
  readonly series: string;
  readonly x: number;
  readonly y: number;
  /** Drawn as a dot. */
  readonly marked: boolean;
}

/** Paths through the points of each series in their order. */
export function pathChart(points: readonly PathPoint[], xTitle: string, yTitle: string): ChartSpec {
  const values = points.map((point, order) => ({ ...point, series: keyOf(point.series), order }));
  const series = [...new Set(values.map((point) => point.series))];
  const encoding = {
    x: { field: 'x', type: 'quantitative', title: xTitle, axis: { tickCount: 5 } },
    y: { field: 'y', type: 'quantitative', title: yTitle, axis: { tickCount: 5 } },
    color: {
      field: 'series',
      type: 'nominal',
      scale: { domain: series, range: [...PALETTE] },
      legend: { title: null, labelExpr: SHOWN_NAME },
    },
  } as const;
  return {
    data: { values },
    width: 540,
    height: 260,
    layer: [
      { mark: { type: 'line', strokeWidth: 1.6 }, encoding: { ...encoding, order: { field: 'order' } } },
      {
        transform: [{ filter: 'datum.marked' }],
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding,
      },
    ],
  };
}

/** A point of a curve. */
export interface CurvePoint {
  readonly series: string;
  readonly iteration: number;
  readonly value: number;
}

/** Curves over iterations: each in its own frame with its own scale, or all in one. */
export function curveChart(points: readonly CurvePoint[], title: string, frames: 'own' | 'shared'): ChartSpec {
  const values = points.map((point) => ({ ...point, series: keyOf(point.series) }));
  const series = [...new Set(values.map((point) => point.series))];
  const x = { field: 'iteration', type: 'quantitative', title: 'iteration', axis: { tickCount: 4 } } as const;
  const line = { type: 'line', strokeWidth: 1.6, interpolate: 'linear' } as const;
  if (frames === 'own') {
    return {
      data: { values },
      facet: { field: 'series', type: 'nominal', sort: series, title: null, header: { labelExpr: SHOWN_NAME } },
      columns: 3,
      spec: {
        width: 230,
        height: 120,
        mark: { ...line, color: PALETTE[1] },
        encoding: {
          x,
          y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false }, axis: { tickCount: 4 } },
        },
      },
      resolve: { scale: { y: 'independent' } },
    };
  }
  return {
    data: { values },
    width: 540,
    height: 200,
    mark: line,
    encoding: {
      x,
      y: { field: 'value', type: 'quantitative', title, axis: { tickCount: 5 } },
      color: {
        field: 'series',
        type: 'nominal',
        scale: { domain: series, range: PALETTE.slice(1) },
        legend: series.length > 1 ? { title: null, labelExpr: SHOWN_NAME } : null,
      },
    },
  };
}
