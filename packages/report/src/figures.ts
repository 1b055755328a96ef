import type { ClassMetrics } from '@unseen/metrics';
import {
  type Bar,
  barChart,
  type ChartSpec,
  type CurvePoint,
  curveChart,
  heatMap,
  pathChart,
  renderChart,
} from './charts.ts';
import { displayName, FIGURE_TITLES, percent } from './format.ts';
import type { Curve, RunReport } from './run-report.ts';
import { FIGURES } from './run-types.ts';

/** A drawn chart with its text. */
export interface DrawnFigure {
  /** File name without extension. */
  readonly name: string;
  readonly section: 'transfer' | 'classes' | 'confusion' | 'training';
  readonly title: string;
  readonly caption: string;
  readonly alt: string;
  /** Whether it is so tall that pages fold it. */
  readonly folded: boolean;
  readonly svg: string;
}

/** Draws the charts of a run: the seen-unseen curve, IoU per class, confusion, losses, KL and latent gap, figures over the iterations. */
export async function drawFigures(report: RunReport): Promise<DrawnFigure[]> {
  const drawings = [
    ...transferFigures(report),
    ...classFigures(report),
    ...confusionFigures(report),
    ...trainingFigures(report),
  ];
  const drawn: DrawnFigure[] = [];
  for (const { spec, ...figure } of drawings) {
    drawn.push({ ...figure, svg: await renderChart(spec, figure.name, figure.alt) });
  }
  return drawn;
}

type Drawing = Omit<DrawnFigure, 'svg'> & { readonly spec: ChartSpec };

function transferFigures({ methods }: RunReport): Drawing[] {
  const paths = methods.flatMap(({ name, curve }) => (curve ? [{ name: displayName(name), curve }] : []));
  if (paths.length === 0) return [];
  const points = paths.flatMap(({ name, curve }) =>
    curve.points.map(({ gamma, seenMIoU, unseenMIoU }) => ({
      series: name,
      x: seenMIoU,
      y: unseenMIoU,
      marked: gamma === ownGamma(curve.points),
    })),
  );
  return [
    {
      name: 'seen-unseen',
      section: 'transfer' as const,
      title: 'Seen-unseen curve',
      caption:
        'What the method exchanges when the logits of the unseen classes are raised or lowered by one number γ; the dot is the method as it is (γ = 0).',
      folded: false,
      alt: 'Curves: unseen mIoU against seen mIoU by method. Area and best hIoU are in the table of unseen classes.',
      spec: pathChart(points, 'seen mIoU', 'unseen mIoU'),
    },
  ];
}

/** γ of the point that stands for 0: equal neighbours are left out of a curve. */
function ownGamma(points: readonly { readonly gamma: number }[]): number {
  return points.reduce((found, { gamma }) => (gamma <= 0 ? gamma : found), points[0].gamma);
}

function classFigures({ methods }: RunReport): Drawing[] {
  return (['unseen', 'seen'] as const).flatMap((group) => {
    const bars = methods.flatMap(({ name, perClass }) =>
      labelled(perClass)
        .filter((row) => row.group === group && row.iou !== null)
        .map(({ label, iou }): Bar => ({ category: label, series: displayName(name), value: iou ?? 0 })),
    );
    if (bars.length === 0) return [];
    return [
      {
        name: `iou-${group}`,
        section: 'classes' as const,
        title: `IoU of ${group} classes`,
        caption: 'Classes that are neither labelled nor predicted have no bar.',
        folded: bars.length > 60 * methods.length,
        alt: `Bars: IoU of each ${group} class by method. The same numbers are in the table of classes.`,
        spec: barChart(bars, 'IoU', { domain: [0, Math.max(0.1, ...bars.map(({ value }) => value))] }),
      },
    ];
  });
}

/** Rows with unique names, which charts require. */
function labelled(perClass: readonly ClassMetrics[]): (ClassMetrics & { label: string })[] {
  const names = perClass.map(({ name }) => name);
  return perClass.map((row) => ({
    ...row,
    label: names.indexOf(row.name) === names.lastIndexOf(row.name) ? row.name : `${row.name} (${row.id})`,
  }));
}

function confusionFigures({ methods }: RunReport): Drawing[] {
  return methods.flatMap(({ name, perClass, confusion }, index) => {
    if (!confusion) return [];
    const order = [...perClass.keys()].sort((a, b) => rank(perClass[a]) - rank(perClass[b]) || a - b);
    const names = order.map((c) => (perClass[c].group === 'unseen' ? `${perClass[c].name} *` : perClass[c].name));
    const rows = order.map((g) => order.map((p) => confusion[g][p]));
    return [
      {
        name: `confusion-${index}`,
        section: 'confusion' as const,
        title: displayName(name),
        caption: confusionText(perClass, confusion),
        folded: false,
        alt: `Heat map: confusion of ${displayName(name)}, ground truth by row, prediction by column.`,
        spec: heatMap(
          names,
          rows,
          order.map((c) => perClass[c].support),
        ),
      },
    ];
  });
}

const rank = ({ group }: ClassMetrics) => (group === 'seen' ? 0 : 1);

/** Describes the picture: how pixels of unseen classes are predicted. */
function confusionText(perClass: readonly ClassMetrics[], confusion: readonly (readonly number[])[]): string {
  const unseen = [...perClass.keys()].filter((c) => perClass[c].group === 'unseen');
  const total = unseen.reduce((sum, c) => sum + perClass[c].support, 0);
  if (total === 0) return '';
  const share = (columns: readonly number[]) =>
    percent(unseen.reduce((sum, g) => sum + columns.reduce((row, p) => row + confusion[g][p], 0), 0) / total);
  const right = percent(unseen.reduce((sum, c) => sum + confusion[c][c], 0) / total);
  const seen = [...perClass.keys()].filter((c) => perClass[c].group === 'seen');
  return `Of the pixels of unseen classes (*), ${right} are correct, ${share(unseen)} are predicted as an unseen class and ${share(seen)} as a seen one.`;
}

function trainingFigures({ curves, evaluations }: RunReport): Drawing[] {
  const drawings: Drawing[] = [];
  const stages = [...new Set(curves.map(({ stage }) => stage))];
  for (const [i, stage] of stages.entries()) {
    const own = curves.filter((curve) => curve.stage === stage && !isLatent(curve.name));
    if (own.length > 0) {
      drawings.push({
        ...text(`losses-${i}`, `Losses of stage ${stage}`, 'Each loss has its own scale.'),
        spec: curveChart(own.flatMap(pointsOf), '', 'own'),
      });
    }
  }
  const latent = curves.filter(({ name }) => isLatent(name));
  if (latent.length > 0) {
    const several = new Set(latent.map(({ stage }) => stage)).size > 1;
    drawings.push({
      ...text(
        'latent',
        'KL divergence and latent gap',
        'KL is the divergence of the latent code from N(0, I). The latent gap is the content loss with z drawn from N(0, I) minus ' +
          'that with z = μ: if it closes, the code carries no information (collapse).',
      ),
      spec: curveChart(
        latent.flatMap((curve) =>
          pointsOf(curve).map((p) => (several ? { ...p, series: `${p.series} (${curve.stage})` } : p)),
        ),
        '',
        'own',
      ),
    });
  }
  for (const [i, stage] of [...new Set(evaluations.map((e) => e.stage))].entries()) {
    const shown = FIGURES.slice(0, 3).flatMap((name) =>
      evaluations.filter((curve) => curve.stage === stage && curve.name === name),
    );
    if (shown.some(({ points }) => points.length > 1)) {
      drawings.push({
        ...text(`evaluation-${i}`, `Evaluation during stage ${stage}`, ''),
        spec: curveChart(
          shown.flatMap((curve) =>
            pointsOf(curve).map((p) => ({ ...p, series: FIGURE_TITLES[curve.name as keyof typeof FIGURE_TITLES] })),
          ),
          'IoU',
          'shared',
        ),
      });
    }
  }
  return drawings;
}

function text(name: string, title: string, caption: string) {
  return {
    name,
    section: 'training' as const,
    title,
    caption,
    folded: false,
    alt: `Curves over iterations: ${title}.`,
  };
}

function isLatent(name: string): boolean {
  return /^(kl|latent[-_ ]?gap)$/i.test(name);
}

function pointsOf({ name, points }: Curve): CurvePoint[] {
  return points.map(([iteration, value]) => ({ series: name, iteration, value }));
}
