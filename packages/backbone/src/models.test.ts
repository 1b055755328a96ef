import { expect, test } from 'vitest';
import { describeModel, listModels } from './models.ts';

test.each([
  ['resnet18.tv_in1k', 1.814],
  ['resnet34.tv_in1k', 3.664],
  ['resnet50.tv_in1k', 4.089],
  ['resnet101.tv_in1k', 7.801],
])('%s: %d G multiplications at 224×224, as torchvision states with the classifier', (name, expected) => {
  const { flops } = describeModel(name, { size: [224, 224] });
  expect(flops / 2e9).toBeCloseTo(expected, 2);
});

test('stages have the grids of images of the size and the output stride that were asked for', () => {
  const { stages, taps, outputStride } = describeModel('resnet50.caffe_in1k', { size: [321, 328], outputStride: 8 });
  expect([taps, outputStride]).toEqual([['stage4'], 8]);
  expect(stages.map(({ name, stride }) => [name, stride])).toEqual([
    ['stem', 4],
    ['stage1', 4],
    ['stage2', 8],
    ['stage3', 8],
    ['stage4', 8],
  ]);
  expect(stages[4].grid).toEqual([41, 42]);
});

test('a segmentation network is described by its backbone too, and costs more with more classes', () => {
  const [few, many] = [2, 100].map((classes) => describeModel('test_deeplabv2.micro', { size: [33, 33], classes }));
  expect(few).toMatchObject({ kind: 'segmentation', backbone: 'test_resnet.micro', classes: 2, taps: ['stage3'] });
  expect(many.parameters - few.parameters).toBe(2 * 98 * (9 * 64 + 1));
  expect(many.flops - few.flops).toBe(2 * 2 * 98 * 9 * 64 * 5 * 5);
  expect(describeModel('deeplabv2_resnet101.caffe').weights).toEqual(describeModel('resnet101.caffe_in1k').weights);
});

test('running statistics are counted apart', () => {
  const { parameters, statistics } = describeModel('mobilenet_v1_025.keras_in1k');
  expect([parameters, statistics]).toEqual([213_072, 5_472]);
});

test('the list is narrowed by a part of the names, with wildcards', () => {
  const names = (filter: string) => listModels(filter).map(({ name }) => name);
  expect(names('Test_DeepLab')).toContain('test_deeplabv2.micro');
  expect(names('resnet*caffe')).toEqual(expect.arrayContaining(['resnet50.caffe_in1k', 'deeplabv2_resnet101.caffe']));
  expect(names('resnet*caffe').every((name) => /resnet.*caffe/.test(name))).toBe(true);
  expect(() => names('v1.100')).toThrow('v1.100');
});

test('unknown names, strides and pointless classes are errors with what there is', () => {
  expect(() => listModels('resnt50')).toThrow("did you mean 'resnet50'?");
  expect(() => describeModel('deeplabv3plus_resnet101.zs2')).toThrow("did you mean 'deeplabv3plus_resnet101.zs3'?");
  expect(() => describeModel('deeplabv3plus_resnet101.zs3', { outputStride: 8 })).toThrow('one of: 16');
  expect(() => describeModel('resnet18.tv_in1k', { classes: 3 })).toThrow('a segmentation network');
});
