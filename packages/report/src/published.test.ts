import { harmonicMean } from '@unseen/metrics';
import { describe, expect, it } from 'vitest';
import { PUBLISHED_RESULTS, publishedFor } from './published.ts';

describe('published results', () => {
  it('are harmonic means to rounding, but for the three rows that are known to be printed otherwise', () => {
    const off = PUBLISHED_RESULTS.filter(
      ({ hIoU, seenMIoU, unseenMIoU }) => Math.abs((harmonicMean(seenMIoU, unseenMIoU) ?? 0) - hIoU) > 0.0006,
    ).map(({ dataset, label }) => `${dataset} ${label}`);
    expect(off).toEqual(['voc12 CaGNet(pi)+ST']);
    const slightly = PUBLISHED_RESULTS.filter(
      ({ hIoU, seenMIoU, unseenMIoU }) => Math.abs((harmonicMean(seenMIoU, unseenMIoU) ?? 0) - hIoU) > 0.00025,
    ).filter(({ source }) => !source.startsWith('ZS3Net'));
    expect(slightly.map(({ dataset, label }) => `${dataset} ${label}`)).toEqual([
      'voc12 SPNet-c',
      'voc12 CaGNet(pi)+ST',
      'cocostuff SPNet',
    ]);
  });

  const paper = {
    ...{ method: 'cagnet', dataset: 'voc12', backbone: 'deeplabv2 resnet101' },
    ...{ seenClasses: 15, unseenClasses: 5 },
  };

  it('stand beside the same benchmark without a note, and beside a relative with every difference', () => {
    expect(publishedFor(paper)).toMatchObject({ result: { label: 'CaGNet(pi)', hIoU: 0.3972 }, differences: [] });
    const subset = { ...paper, dataset: 'voc-animals', backbone: 'MobileNetV1-0.25', seenClasses: 9, unseenClasses: 3 };
    const found = publishedFor(subset);
    expect(found?.differences.map((text) => text.split(':')[0])).toEqual(['data', 'split', 'backbone']);
    expect(publishedFor({ ...paper, dataset: 'toy-attributes' })).toBeUndefined();
    expect(publishedFor({ ...paper, method: 'seen-only' })).toBeUndefined();
  });

  it('know runs by what they say of themselves', () => {
    const aspp =
      'resnet101.caffe_in1k, output stride 8, trained with the networks behind it, trained ASPP of 600 channels';
    const whole = 'voc12: 10582 training and 1449 validation images, warped to 513×513';
    expect(publishedFor({ ...paper, dataset: whole, backbone: aspp })?.differences).toEqual([]);
    const cut = { ...paper, dataset: whole.replace(':', ' (the first images):'), backbone: aspp };
    expect(publishedFor(cut)?.differences).toHaveLength(1);
    const original = {
      ...{ method: 'zs3net-original', dataset: whole.replace('voc12', 'pascal'), seenClasses: 19, unseenClasses: 2 },
      backbone: 'deeplabv3plus_resnet101.zs3, output stride 16, trained end to end',
    };
    expect(publishedFor(original)).toMatchObject({ result: { hIoU: 0.475 }, differences: [] });
  });

  it("prefers the paper's split with the same number of unseen classes", () => {
    const query = { ...paper, method: 'zs3net-original', seenClasses: 11, unseenClasses: 10 };
    expect(publishedFor(query)?.result).toMatchObject({ seenMIoU: 0.339, unseenMIoU: 0.181 });
  });
});
