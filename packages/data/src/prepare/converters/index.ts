import type { Converter } from '../converter.ts';
import type { CONVERTER_NAMES } from '../settings.ts';
import { cityscapes } from './cityscapes.ts';
import { cocoInstances, cocoPanoptic } from './coco.ts';
import { cocostuff, cocostuff10k } from './cocostuff.ts';
import { pascalContext } from './pascal-context.ts';
import { voc } from './voc.ts';
import { vocSbd } from './voc-sbd.ts';

/** Converters by the name that dataset YAMLs use. */
export const converters: Readonly<Record<(typeof CONVERTER_NAMES)[number], Converter>> = {
  voc,
  'voc-sbd': vocSbd,
  'pascal-context': pascalContext,
  cocostuff,
  cocostuff10k,
  cityscapes,
  'coco-panoptic': cocoPanoptic,
  'coco-instances': cocoInstances,
};
