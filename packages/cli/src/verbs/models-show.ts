import type { ModelDescription } from '@unseen/backbone';
import { imageSize, positiveWholeNumber } from '../options.ts';
import { textTable } from '../table.ts';
import { defineVerb } from '../verb.ts';

/** `unseen models show`: one network, for images of a size. */
export const modelsShow = defineVerb({
  positionals: { name: { type: 'string', demandOption: true, describe: "Name from 'unseen models list'" } },
  options: {
    size: {
      type: 'string',
      requiresArg: true,
      default: '512',
      coerce: imageSize('size') as (text: unknown) => readonly [number, number],
      describe: 'Height and width of the images, such as 321 or 375x500',
    },
    'output-stride': {
      type: 'string',
      requiresArg: true,
      coerce: positiveWholeNumber('output-stride'),
      describe: "Output stride in pixels (default: the network's own)",
    },
    classes: {
      type: 'string',
      requiresArg: true,
      coerce: positiveWholeNumber('classes'),
      describe: 'Of a segmentation network; default 21',
    },
  },
  examples: [['unseen models show resnet101.caffe_in1k --output-stride 8 --size 321', '']],
  async run({ name, size, 'output-stride': outputStride, classes }, { terminal }) {
    const { describeModel } = await import('@unseen/backbone');
    const model = describeModel(name, { size, outputStride, classes });
    terminal.print(textTable(facts(model)));
    const stages = model.stages.map((stage) => [
      stage.name,
      String(stage.channels),
      String(stage.stride),
      stage.grid.join('x'),
      model.taps.includes(stage.name) ? 'tap' : '',
    ]);
    terminal.print(`\n${textTable([['stage', 'channels', 'stride', 'grid', ''], ...stages])}`);
    return model;
  },
});

function facts({ name, kind, backbone, classes, input, weights, paper, ...model }: ModelDescription): string[][] {
  const { channelOrder, mean, std } = input;
  return [
    ['model', name],
    ['kind', classes === undefined ? kind : `${kind}, ${classes} classes`],
    ...(backbone === undefined ? [] : [['backbone', backbone]]),
    ['parameters', `${grouped(model.parameters)}, and ${grouped(model.statistics)} running statistics`],
    ['FLOPs', `${(model.flops / 1e9).toFixed(2)} G for one image of ${model.size.join('x')}`],
    ['output strides', model.outputStrides.map((s) => (s === model.outputStride ? `[${s}]` : s)).join(' ')],
    ['input', `${channelOrder.toUpperCase()}, mean ${mean.join(' ')}, std ${std.join(' ')}`],
    [
      'weights',
      weights
        ? `${backbone ? 'of the backbone: ' : ''}${weights.source} (${weights.format}, ${weights.licence})`
        : 'none published',
    ],
    ...(weights?.sha256 === undefined ? [] : [['sha256', weights.sha256]]),
    ...(paper === undefined ? [] : [['paper', paper]]),
  ];
}

const grouped = (n: number) => n.toLocaleString('en');
