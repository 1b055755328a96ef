import { basename } from 'node:path';
import { hashJson } from '@unseen/core';
import { exportOnnx } from '@unseen/onnx';
import type { ExperimentConfig } from '../config/schema.ts';
import type { ScorePredictor } from '../pipeline/method.ts';
import type { TrainedRun } from './trained-run.ts';

/** What an exported file says about itself, each entry as JSON under its key in the file's metadata. */
export interface ExportMetadata {
  /** One per channel of the output `logits` [1, h, w, channels]. */
  readonly classes: readonly {
    /** Value in mask files. */
    readonly id: number;
    readonly name: string;
    readonly group: 'seen' | 'unseen';
    readonly color: readonly number[];
  }[];
  /** Of the input `image` [1, h, w, 3]. */
  readonly input: {
    readonly size: readonly number[];
    readonly channels: 'rgb';
    readonly range: readonly [0, 255];
    readonly resize: string;
  };
  /** Done inside the file. */
  readonly normalization: object;
  /** Pixels of the input per position of the logits. */
  readonly outputStride: number;
  readonly provenance: {
    readonly method: string;
    readonly model: string;
    readonly profile: string;
    readonly experiment: string;
    readonly seed: number;
    readonly dataset: string;
    readonly split?: string;
    readonly backbone?: string;
    /** SHA-256 of the resolved settings. */
    readonly settings: string;
  };
}

/**
 * A model of a finished run as the bytes of one ONNX file: image in, logits out, normalisation and weights inside.
 * `name` is that of the model.
 */
export function exportRun(
  { config, protocol }: Pick<TrainedRun, 'config' | 'protocol'>,
  { model, name }: { readonly model: ScorePredictor; readonly name: string },
): { readonly bytes: Uint8Array; readonly metadata: ExportMetadata } {
  const program = model.program();
  const seen = new Set(protocol.split.seen);
  const metadata: ExportMetadata = {
    classes: protocol.classes.map(({ id, name, color }) => ({
      id,
      name,
      group: seen.has(id) ? 'seen' : 'unseen',
      color,
    })),
    input: {
      size: program.inputs.image.shape.slice(1, 3),
      channels: 'rgb',
      range: [0, 255],
      resize: 'bilinear with half-pixel centres, to the input size whatever the aspect ratio',
    },
    normalization: model.normalization,
    outputStride: model.outputStride,
    provenance: {
      method: config.method,
      model: name,
      profile: config.profile,
      experiment: config.name,
      seed: config.seed,
      dataset: basename(config.data.dataset),
      ...networkOf(config),
      settings: hashJson(config),
    },
  };
  const entries = Object.entries(metadata).map(([key, value]) => [key, JSON.stringify(value)]);
  return { bytes: exportOnnx(program, { metadata: Object.fromEntries(entries) }), metadata };
}

/** Split and backbone, of experiments that name them. */
function networkOf({ data, ...blocks }: ExperimentConfig): { readonly split?: string; readonly backbone?: string } {
  const { backbone } = blocks as { readonly backbone?: { readonly name: string } };
  return {
    ...('split' in data && { split: data.split as string }),
    ...(backbone && { backbone: backbone.name }),
  };
}
