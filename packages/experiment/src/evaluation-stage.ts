import { basename } from 'node:path';
import { IGNORE, type LabelMap, type RgbImage, type Sample, writeFileAtomic, writeJsonAtomic } from '@unseen/core';
import { encodeRgbPng } from '@unseen/formats';
import { type Color, paintLabels, resizeNearest, resizeRgb } from '@unseen/vision';
import { controlWarnings } from './control.ts';
import { type EvaluatedMethod, type EvaluationImage, evaluateScorers, type Scorer } from './evaluation.ts';
import type { Stage, StageContext } from './method.ts';
import type { DatasetProtocol, ZeroShotProtocol } from './protocol.ts';
import type { ExperimentConfig } from './schema.ts';

/** What a method brings to its evaluation. */
export interface Evaluated {
  readonly protocol: ZeroShotProtocol;
  /** Of the features, [height, width]: where resolution `feature` compares. */
  readonly grid: readonly [number, number];
  /** By name of the method, the baseline first. */
  readonly scorers: Readonly<Record<string, Scorer>>;
  /** What the protocol says differently from {@link describeProtocol}. */
  readonly protocolText?: Readonly<Record<string, string>>;
  /** Sentences for the report, printed in red. */
  readonly warnings?: readonly string[];
  /** Ends the work of the scorers. */
  close(): Promise<void>;
}

/** Options of {@link evaluateStage}. */
export interface EvaluateStageOptions {
  readonly uses: readonly string[];
  prepare(context: StageContext): Promise<Evaluated>;
}

const METRICS = 'metrics.json';

/** Segments the validation images with every method, and writes `metrics.json` and the pictures of the report. */
export function evaluateStage({ uses, prepare }: EvaluateStageOptions): Stage {
  return {
    name: 'evaluate',
    uses,
    outputs: [METRICS],
    run: async (context) => {
      const { config, folder } = context;
      const evaluated = await prepare(context);
      const { protocol, protocolText = {}, scorers, warnings = [] } = evaluated;
      const { val } = protocol.dataset;
      const panels = new PanelWriter(context, protocol);
      try {
        const methods = await evaluateScorers({
          images: validationImages(config, evaluated),
          scorers,
          classes: protocol.classes,
          split: protocol.split,
          resolution: config.evaluate.resolution,
          onImage: async (image, predictions, index) => {
            if (index < config.report.panels) await panels.write(image, predictions);
            await context.progress.update(index + 1, val.length, image.id);
            context.signal.throwIfAborted();
          },
        });
        await panels.writeLegend();
        const words = { ...describeProtocol(config, protocol), ...protocolText };
        const loud = [...controlWarnings(config), ...warnings];
        await writeJsonAtomic(folder.file(METRICS), { methods, protocol: words, seed: config.seed, warnings: loud });
        context.log({ iteration: 0, metrics: summaryOf(methods) });
      } finally {
        await evaluated.close();
      }
    },
  };
}

/** The validation images with their truth where an experiment compares; `grid` is that of the features. */
export async function* validationImages(
  config: Pick<ExperimentConfig, 'data' | 'evaluate'>,
  { protocol, grid }: Pick<Evaluated, 'grid'> & { readonly protocol: DatasetProtocol },
): AsyncGenerator<EvaluationImage> {
  const { dataset, labels } = protocol;
  for (const sample of dataset.val) {
    yield { id: sample.id, truth: await truthOf(sample), image: () => sample.image() };
  }

  async function truthOf(sample: Sample): Promise<LabelMap> {
    const { resolution } = config.evaluate;
    const mask = labels.toTestChannels(await sample.mask!());
    if (resolution === 'original') return mask;
    const warped = resizeNearest(mask, ...config.data.size);
    return resolution === 'feature' ? resizeNearest(warped, ...grid) : warped;
  }
}

/** Pictures of the first images: photo, truth, and what each method predicts. */
class PanelWriter {
  private readonly context: StageContext;
  private readonly protocol: ZeroShotProtocol;
  private readonly colors: ReadonlyMap<number, Color>;

  constructor(context: StageContext, protocol: ZeroShotProtocol) {
    this.context = context;
    this.protocol = protocol;
    this.colors = new Map(protocol.classes.map(({ color }, channel) => [channel, color]));
  }

  async write({ id, truth, image }: EvaluationImage, predictions: Readonly<Record<string, LabelMap>>): Promise<void> {
    const photo = resizeRgb(await image(), truth.height, truth.width);
    await this.save(id, 'image', photo);
    await this.save(id, 'truth', paintLabels(truth, this.colors));
    for (const [method, prediction] of Object.entries(predictions)) {
      // What is not labelled does not count, so it is not shown either.
      const counted = prediction.data.map((channel, i) => (truth.data[i] === IGNORE ? IGNORE : channel));
      await this.save(id, method, paintLabels({ ...prediction, data: counted }, this.colors));
    }
  }

  writeLegend(): Promise<void> {
    const unseen = new Set(this.protocol.split.unseen);
    const legend = this.protocol.classes.map(({ id, name, color }) => ({
      name,
      color,
      group: unseen.has(id) ? 'unseen' : 'seen',
    }));
    return writeJsonAtomic(this.context.folder.file('panels/legend.json'), legend);
  }

  private async save(id: string, kind: string, picture: RgbImage): Promise<void> {
    const name = `${id.replaceAll(/[^\w.-]/g, '_')}.${kind}.png`;
    await writeFileAtomic(this.context.folder.file('panels', name), encodeRgbPng(picture));
  }
}

const RESOLUTIONS = {
  feature: 'on the grid of the features',
  warp: 'at the size to which images are warped',
  original: "at each image's own size",
} as const;

/** The protocol in words, for the report. */
export function describeProtocol(
  config: ExperimentConfig,
  { dataset, split }: DatasetProtocol,
): Record<string, string> {
  const { backbone, data, embeddings, evaluate } = config;
  const isCut = data.train.limit !== undefined || data.val.limit !== undefined;
  return {
    dataset: `${dataset.name}${isCut ? ' (the first images)' : ''}: ${dataset.train.length} training and ${dataset.val.length} validation images, warped to ${data.size.join('×')}`,
    classes: `${split.seen.length} seen and ${split.unseen.length} unseen; every other pixel, background included, is ignored in training and evaluation`,
    training: 'inductive: masks show seen classes only; of unseen classes only the vectors of their names are used',
    evaluation: `generalised: each pixel is given one of all ${split.seen.length + split.unseen.length} classes; compared ${RESOLUTIONS[evaluate.resolution]}; means over classes with labelled pixels`,
    backbone: [
      `${backbone.name}, output stride ${backbone.outputStride}`,
      backbone.train ? 'trained with the networks behind it, batch normalisation frozen' : 'frozen',
      ...(backbone.aspp ? [`trained ASPP of ${backbone.aspp} channels`] : []),
    ].join(', '),
    ...(backbone.weights !== undefined &&
      /in1k$/.test(backbone.name) && {
        pretraining: `weights for ${backbone.name}, here ${basename(backbone.weights)}, have learnt the 1,000 classes of ImageNet from labelled pictures, unless this file is of another training: classes that are unseen here may be among them or near to them, by pictures but never by masks`,
      }),
    embeddings: `class vectors of ${embeddings.table}${embeddings.control ? '; CONTROL: those of unseen classes rotated by one place' : ''}`,
  };
}

function summaryOf(methods: Readonly<Record<string, EvaluatedMethod>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(methods).flatMap(([name, { seenMIoU, unseenMIoU, hIoU }]) => [
      [`${name}/seenMIoU`, seenMIoU],
      [`${name}/unseenMIoU`, unseenMIoU],
      [`${name}/hIoU`, hIoU],
    ]),
  );
}
