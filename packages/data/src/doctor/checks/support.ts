import { type ClassSupport, untestedUnseen, untrainedSeen } from '../../class-support.ts';
import type { Subset } from '../../layouts/listing.ts';
import { classOf, type DatasetFacts, type EntryFacts } from '../facts.ts';
import { counted, type Finding, findingOf, some } from '../finding.ts';
import { hiddenClass, shiftOf, soundMasks } from './values.ts';

/** Classes without the pixels that they need, and training images with pixels that must not be trained on. */
export function checkSupport(facts: DatasetFacts, support: readonly ClassSupport[]): Finding[] {
  // With shifted ids everything else would be wrong.
  if (shiftOf(facts) !== undefined) return [];
  const sound = soundMasks(facts);
  const missing = hiddenClass(facts) === undefined ? missingClasses(facts, support, sound) : [];
  return [...missing, ...unseenInTraining(facts, support, sound)];
}

function missingClasses(
  facts: DatasetFacts,
  support: readonly ClassSupport[],
  sound: readonly EntryFacts[],
): Finding[] {
  const readable = (subset: Subset) => sound.filter((entry) => entry.subset === subset).length;
  // Images that need no mask say nothing about the masks that exist.
  const expected = (subset: Subset) =>
    facts[subset].entries.filter(({ maskPath }) => maskPath !== undefined || !facts.optionalMasks).length;
  const judged = (subset: Subset) => 2 * readable(subset) >= Math.max(1, expected(subset));
  const untested = judged('val') ? untestedUnseen(support) : [];
  const untrained = judged('train') ? untrainedSeen(support) : [];
  const scored = untrained.filter(({ val }) => val.pixels > 0);
  const nowhere = judged('val') ? untrained.filter(({ val }) => val.pixels === 0) : [];
  const unscored = support.filter(({ group, train, val }) => group === 'seen' && train.pixels > 0 && val.pixels === 0);
  const unjudged = (['train', 'val'] as const).filter((subset) => !judged(subset) && expected(subset) > 0);
  const inSplit = `in split ${facts.split.name}`;
  return [
    ...findingOf(untested.map(named), {
      check: 'unseen-class-untested',
      severity: 'error',
      found: `${counted(untested.length, 'class', 'classes')} unseen ${inSplit} ${have(untested)} no test pixel`,
      why: 'their IoU is 0/0: NaN in most tools, undefined here',
      fix: "add test images of them, choose another split, or set 'data.allowMissing: true' to exclude them from the means",
    }),
    ...findingOf(scored.map(named), {
      check: 'seen-class-untrained',
      severity: 'error',
      found: `${counted(scored.length, 'class', 'classes')} seen ${inSplit} ${have(scored)} test pixels and no training pixel`,
      why: 'their IoU will be 0, which lowers the mean of seen classes',
      fix: "add training images of them, choose another split, or set 'data.allowMissing: true'",
    }),
    ...findingOf(nowhere.map(named), {
      check: 'class-absent',
      severity: 'warning',
      found: `${counted(nowhere.length, 'class', 'classes')} seen ${inSplit} ${nowhere.length === 1 ? 'occurs' : 'occur'} in no mask`,
      why: 'they are answers that are always wrong; means run over classes with ground truth, so figures do not change by them alone',
      fix: "set 'data.allowMissing: true', or remove them from the split (eleven classes of COCO-Stuff never occur, by design)",
    }),
    ...findingOf(judged('val') ? unscored.map(named) : [], {
      check: 'seen-class-untested',
      severity: 'note',
      found: `${counted(unscored.length, 'class', 'classes')} seen ${inSplit} ${have(unscored)} no test pixel`,
      why: 'they are trained but not scored',
      fix: 'nothing, or add test images of them',
    }),
    ...findingOf(unjudged, {
      check: 'support-unknown',
      severity: 'note',
      found: `cannot tell whether classes lack pixels: most masks of ${unjudged.join(' and ')} could not be read as ids`,
      why: 'such findings would only repeat the problems of the masks',
      fix: 'fix the masks first',
    }),
  ];
}

const named = ({ id, name }: ClassSupport) => `${name} (${id})`;
const have = (of: readonly unknown[]) => (of.length === 1 ? 'has' : 'have');

function unseenInTraining(
  facts: DatasetFacts,
  support: readonly ClassSupport[],
  sound: readonly EntryFacts[],
): Finding[] {
  const { split, ignore, train } = facts;
  const shows = (group: readonly number[]) => {
    const ids = new Set<number | undefined>(group);
    return ({ mask }: EntryFacts) => mask!.values.some(([value]) => ids.has(classOf(facts, value)));
  };
  const training = sound.filter(({ subset }) => subset === 'train');
  const labelled = training.filter(({ mask }) => mask!.values.some(([value]) => !ignore.has(value)));
  const withUnseen = training.filter(shows(split.unseen));
  const showsSeen = shows(split.seen);
  const idle = labelled.filter((entry) => !showsSeen(entry));
  const only = idle.filter(shows(split.unseen));
  const shares =
    only.length === idle.length
      ? ', but pixels of unseen ones'
      : `; ${only.length.toLocaleString('en')} of them show unseen ones`;
  const shown = only.length > 0 ? shares : '';
  const rows = support.filter(({ group, train }) => group === 'unseen' && train.pixels > 0);
  const byClass = some(
    rows.map(
      ({ name, train: { images, pixels } }) =>
        `${name} ${pixels.toLocaleString('en')} pixels in ${counted(images, 'image')}`,
    ),
  );
  // Only ZS3Net's protocol trains on images without any unseen pixel.
  const mustNot = /\bzs[35]/i.test(split.source ?? '');
  return [
    ...findingOf(
      withUnseen.map(({ id }) => id),
      {
        check: mustNot ? 'unseen-in-training-list' : 'unseen-in-training',
        severity: mustNot ? 'warning' : 'note',
        found: `${counted(withUnseen.length, 'training image')} of ${train.entries.length.toLocaleString('en')} ${withUnseen.length === 1 ? 'shows' : 'show'} unseen classes: ${byClass}`,
        why: mustNot
          ? `the first stage of ${split.source} trains on images without unseen pixels`
          : 'the leakage guard makes these pixels unlabelled: they are visible in the image but never enter a loss',
        fix: mustNot
          ? 'nothing for zs3net-original, which skips these images; otherwise remove them from the training list'
          : "nothing: this is the protocol of SPNet and CaGNet; ZS3Net's skips such images",
      },
    ),
    ...findingOf(
      idle.map(({ id }) => id),
      {
        check: 'training-image-without-seen-class',
        severity: 'warning',
        found: `${counted(idle.length, 'training image')} ${have(idle)} no pixel of a seen class${shown}`,
        why: 'in training every pixel is unlabelled: it takes time and gives no loss (1,014 of the 10,582 images of VOC are like this)',
        fix: 'nothing if you follow the published protocol; otherwise remove them from the training list',
      },
    ),
  ];
}
