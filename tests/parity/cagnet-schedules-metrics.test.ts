import { rankPseudoLabels } from '@unseen/classifier';
import { ConfusionMatrix, type GroupMetrics, segmentationMetrics } from '@unseen/metrics';
import { schedules } from '@unseen/nn';
import { isRealTurn } from '@unseen/zero-shot';
import { expect, test } from 'vitest';
import { parity } from './fixture.ts';

interface Decay {
  readonly [key: string]: number | Rates;
  readonly initLr: number;
  readonly start: number;
  readonly step: number;
  readonly gamma: number;
  readonly lrAtIteration: Rates;
}

interface Poly {
  readonly [key: string]: number | { readonly [iteration: string]: readonly number[] };
  readonly initLr: number;
  readonly maxIter: number;
  readonly refresh: number;
  readonly lrAtIteration: { readonly [iteration: string]: readonly number[] };
}

interface Rates {
  readonly [iteration: string]: number;
}

await parity('cagnet-schedules-metrics', (fixture) => {
  test.each(fixture.valueNames('lambda/'))('step decay: %s', (name) => {
    const { initLr, start, step, gamma, lrAtIteration } = fixture.value<Decay>(name);
    const rate = schedules.stepDecay({ rate: initLr, start, every: step, factor: gamma });
    const rates = Object.keys(lrAtIteration).map((iteration) => [iteration, rate(Number(iteration))]);
    fixture.expectValue(name, { initLr, start, step, gamma, lrAtIteration: Object.fromEntries(rates) });
  });

  test.each(fixture.valueNames('poly/'))('poly decay: %s', (name) => {
    const { initLr, maxIter, refresh, lrAtIteration } = fixture.value<Poly>(name);
    const rate = schedules.poly({ rate: initLr, iterations: maxIter, refreshEvery: refresh });
    const multipliers = [...fixture.meaning(name).matchAll(/x(\d+)/g)].map(([, factor]) => Number(factor));
    const rates = Object.keys(lrAtIteration).map((iteration) => [
      iteration,
      multipliers.map((multiplier) => multiplier * rate(Number(iteration))),
    ]);
    fixture.expectValue(name, { initLr, maxIter, refresh, lrAtIteration: Object.fromEntries(rates) });
  });

  test.each(fixture.valueNames('alternation_'))('%s', (name) => {
    const [real, synthetic] = name.split('_').slice(1).map(Number);
    // Ours begins with real turns; one that begins with synthetic ones is the same a little later.
    const [, first] = /first=(step[12])/.exec(fixture.meaning(name))!;
    const start = first === 'step1' ? 0 : real;
    const turns = fixture
      .value<string[]>(name)
      .map((_, i) => (isRealTurn(start + i, { real, synthetic }) ? 'step1' : 'step2'));
    fixture.expectValue(name, turns);
  });

  test.each(fixture.valueNames('scores'))('%s: means over the defined values', (name) => {
    const split = fixture.value<{ seen: number[]; unseen: number[] }>('scores_gzsl');
    const classes = [...split.seen, ...split.unseen]
      .sort((a, b) => a - b)
      .map((id) => ({ id, name: `${id}`, group: split.unseen.includes(id) ? ('unseen' as const) : ('seen' as const) }));
    const predictions = fixture.integers('metricPred').values;
    const predicted = name.endsWith('noUnseenPredicted')
      ? predictions.map((channel) => (channel >= split.seen.length ? 0 : channel))
      : predictions;
    const matrix = new ConfusionMatrix(classes.length).add(fixture.integers('metricGt').values, predicted);
    const metrics = segmentationMetrics(matrix, { classes, absent: 'nan-mean' });
    const figures = (suffix: string, { PA, MA, FWIoU, mIoU }: GroupMetrics) => ({
      [`Overall Acc${suffix}`]: PA,
      [`Mean Acc${suffix}`]: MA,
      [`FreqW Acc${suffix}`]: FWIoU,
      [`Mean IoU${suffix}`]: mIoU,
    });
    fixture.expectValue(name, {
      ...figures('', metrics),
      ...figures(' Seen', metrics.seen),
      ...figures(' Unseen', metrics.unseen),
      ...figures(' Harmonic', metrics.harmonic),
      classIoU: metrics.perClass.map(({ iou }) => iou),
      seen: split.seen,
      unseen: split.unseen,
      rule: 'prediction >= nSeen replaced by 0',
    });
  });

  const tops = Object.keys(fixture.file.tensors ?? {}).filter((name) => name.startsWith('stLabels_top'));

  test.each(tops)('labels for self-training: %s', (name) => {
    const logits = fixture.map('stLogits');
    const channels = logits.shape[3];
    const [, unseen] = /U=(\d+)/.exec(fixture.file.tensors?.stLogits.meaning ?? '')!;
    const labels = rankPseudoLabels(logits.values, fixture.integers('stGt').values, {
      logits: channels,
      seen: channels - 1 - Number(unseen),
      unseen: Number(unseen),
      topRanks: Number(name.slice('stLabels_top'.length)),
    });
    expect(tops.length).toBeGreaterThan(0);
    fixture.expectTensor(name, labels);
  });
});
