import { basename } from 'node:path';
import { type DatasetProtocol, RESOLUTION_WORDS } from '@unseen/experiment';
import type { ZeroShotConfig } from './settings.ts';

/** The protocol of a zero-shot experiment in words, for the report. */
export function describeProtocol(
  config: Pick<ZeroShotConfig, 'backbone' | 'data' | 'embeddings' | 'evaluate'>,
  { dataset, split }: DatasetProtocol,
): Record<string, string> {
  const { backbone, data, embeddings, evaluate } = config;
  const isCut = data.train.limit !== undefined || data.val.limit !== undefined;
  return {
    dataset: `${dataset.name}${isCut ? ' (the first images)' : ''}: ${dataset.train.length} training and ${dataset.val.length} validation images, warped to ${data.size.join('×')}`,
    classes: `${split.seen.length} seen and ${split.unseen.length} unseen; every other pixel, background included, is ignored in training and evaluation`,
    training: 'inductive: masks show seen classes only; of unseen classes only the vectors of their names are used',
    evaluation: `generalised: each pixel is given one of all ${split.seen.length + split.unseen.length} classes; compared ${RESOLUTION_WORDS[evaluate.resolution]}; means over classes with labelled pixels`,
    backbone: [
      `${backbone.name}, output stride ${backbone.outputStride}`,
      backbone.train ? 'trained with the networks behind it, batch normalisation frozen' : 'frozen',
      ...(backbone.aspp ? [`trained ASPP of ${backbone.aspp} channels`] : []),
    ].join(', '),
    ...(backbone.weights !== undefined &&
      /in1k$/.test(backbone.name) && {
        pretraining: `weights for ${backbone.name}, here ${basename(backbone.weights)}, were trained on labelled pictures of the 1,000 classes of ImageNet, unless this file comes from another training: classes that are unseen here, or similar ones, may be among them, as pictures but never as masks`,
      }),
    embeddings: `class vectors of ${embeddings.table}${embeddings.control ? '; CONTROL: those of unseen classes rotated by one place' : ''}`,
  };
}
