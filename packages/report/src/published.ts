/** A row of a published table of results; figures in [0, 1], `null` if the paper gives none. */
export interface PublishedResult {
  readonly dataset: PublishedDataset;
  /** Our name of the method. */
  readonly method: string;
  /** Name in the paper. */
  readonly label: string;
  readonly seenClasses: number;
  readonly unseenClasses: number;
  readonly backbone: string;
  readonly source: string;
  readonly hIoU: number;
  readonly mIoU: number | null;
  readonly PA: number | null;
  readonly MA: number | null;
  readonly seenMIoU: number;
  readonly unseenMIoU: number;
}

/** Benchmarks with published numbers. */
export type PublishedDataset = 'voc12' | 'cocostuff' | 'context';

/** Titles of the benchmarks, and the spellings that runs may use. */
export const PUBLISHED_DATASETS: Readonly<Record<PublishedDataset, { title: string; names: RegExp; family: RegExp }>> =
  {
    voc12: { title: 'Pascal VOC 2012', names: /^(pascal|(pascal[- ]?)?voc(12|[- ]?2012)?)$/i, family: /voc|^pascal$/i },
    cocostuff: { title: 'COCO-Stuff', names: /^coco[- ]?stuff([- ]?182)?$/i, family: /coco/i },
    context: { title: 'Pascal-Context', names: /^(pascal[- ]?)?context([- ]?(33|60))?$/i, family: /context/i },
  };

type Row = readonly [
  method: string,
  label: string,
  hIoU: number,
  mIoU: number,
  PA: number,
  MA: number,
  S: number,
  U: number,
];

const CAGNET_TABLES: readonly (readonly [PublishedDataset, number, number, readonly Row[]])[] = [
  [
    'voc12',
    15,
    5,
    [
      ['spnet', 'SPNet', 0.0002, 0.5687, 0.7685, 0.7093, 0.7583, 0.0001],
      ['spnet-c', 'SPNet-c', 0.261, 0.6315, 0.7755, 0.7188, 0.78, 0.1563],
      ['zs3net', 'ZS3Net', 0.2874, 0.6164, 0.7941, 0.7349, 0.773, 0.1765],
      ['cagnet', 'CaGNet(pi)', 0.3972, 0.6545, 0.8068, 0.7636, 0.784, 0.2659],
      ['cagnet-patch', 'CaGNet(pa)', 0.4326, 0.6623, 0.8068, 0.7643, 0.7814, 0.299],
      ['zs3net-st', 'ZS3Net+ST', 0.3328, 0.6302, 0.8095, 0.7382, 0.7802, 0.2115],
      ['cagnet-st', 'CaGNet(pi)+ST', 0.4366, 0.6577, 0.8164, 0.756, 0.7859, 0.3031],
      ['cagnet-patch-st', 'CaGNet(pa)+ST', 0.4528, 0.6657, 0.8036, 0.765, 0.7813, 0.3188],
    ],
  ],
  [
    'cocostuff',
    167,
    15,
    [
      ['spnet', 'SPNet', 0.014, 0.3164, 0.5132, 0.4593, 0.3461, 0.007],
      ['spnet-c', 'SPNet-c', 0.1398, 0.3278, 0.5341, 0.4363, 0.3518, 0.0873],
      ['zs3net', 'ZS3Net', 0.1495, 0.3328, 0.5467, 0.4837, 0.3466, 0.0953],
      ['cagnet', 'CaGNet(pi)', 0.1819, 0.3345, 0.5658, 0.4845, 0.3549, 0.1223],
      ['cagnet-patch', 'CaGNet(pa)', 0.1984, 0.3327, 0.5632, 0.4909, 0.3468, 0.1389],
      ['zs3net-st', 'ZS3Net+ST', 0.162, 0.3372, 0.5631, 0.4862, 0.3489, 0.1055],
      ['cagnet-st', 'CaGNet(pi)+ST', 0.1946, 0.3372, 0.5676, 0.4854, 0.3555, 0.134],
      ['cagnet-patch-st', 'CaGNet(pa)+ST', 0.2269, 0.3456, 0.5711, 0.4629, 0.3617, 0.1654],
    ],
  ],
  [
    'context',
    29,
    4,
    [
      ['spnet', 'SPNet', 0, 0.2938, 0.5793, 0.4486, 0.3357, 0],
      ['spnet-c', 'SPNet-c', 0.0718, 0.3079, 0.579, 0.4488, 0.3514, 0.04],
      ['zs3net', 'ZS3Net', 0.1246, 0.301, 0.571, 0.4442, 0.3304, 0.0768],
      ['cagnet', 'CaGNet(pi)', 0.2061, 0.3347, 0.5975, 0.49, 0.361, 0.1442],
      ['cagnet-patch', 'CaGNet(pa)', 0.2135, 0.3243, 0.5816, 0.5082, 0.3718, 0.1498],
      ['zs3net-st', 'ZS3Net+ST', 0.1488, 0.3102, 0.5842, 0.4532, 0.3398, 0.0953],
      ['cagnet-st', 'CaGNet(pi)+ST', 0.2252, 0.3352, 0.5951, 0.4962, 0.3644, 0.163],
      ['cagnet-patch-st', 'CaGNet(pa)+ST', 0.2478, 0.3364, 0.5832, 0.4964, 0.3482, 0.1923],
    ],
  ],
];

/** ZS3Net's own protocol: background is a seen class, K classes are unseen. [K, seen mIoU, unseen mIoU, hIoU] */
const ZS3NET_TABLES: readonly (readonly [
  PublishedDataset,
  number,
  string,
  string,
  readonly (readonly [number, number, number, number])[],
])[] = [
  [
    'voc12',
    21,
    'zs3net-original',
    'ZS3Net',
    [
      [2, 0.72, 0.354, 0.475],
      [4, 0.664, 0.232, 0.344],
      [6, 0.473, 0.242, 0.32],
      [8, 0.292, 0.229, 0.257],
      [10, 0.339, 0.181, 0.236],
    ],
  ],
  [
    'context',
    60,
    'zs3net-original',
    'ZS3Net',
    [
      [2, 0.416, 0.216, 0.284],
      [4, 0.372, 0.249, 0.298],
      [6, 0.321, 0.207, 0.252],
      [8, 0.209, 0.16, 0.181],
      [10, 0.208, 0.127, 0.158],
    ],
  ],
  [
    'context',
    60,
    'zs3net-gc',
    'ZS3Net (GC)',
    [
      [2, 0.415, 0.3, 0.348],
      [4, 0.395, 0.291, 0.335],
      [6, 0.348, 0.216, 0.267],
    ],
  ],
  ['context', 60, 'zs3net-st', 'ZS5Net', [[10, 0.27, 0.207, 0.234]]],
];

/** Published results. The mIoU column of CaGNet's tables is not always the mean that S and U imply; S, U and hIoU are. */
export const PUBLISHED_RESULTS: readonly PublishedResult[] = [
  ...CAGNET_TABLES.flatMap(([dataset, seenClasses, unseenClasses, rows]) =>
    rows.map(([method, label, hIoU, mIoU, PA, MA, seenMIoU, unseenMIoU]) => ({
      ...{ dataset, method, label, seenClasses, unseenClasses, hIoU, mIoU, PA, MA, seenMIoU, unseenMIoU },
      backbone: 'DeepLab-v2 ResNet-101',
      source: 'CaGNet and its journal version, README tables',
    })),
  ),
  ...ZS3NET_TABLES.flatMap(([dataset, classes, method, label, rows]) =>
    rows.map(([unseenClasses, seenMIoU, unseenMIoU, hIoU]) => ({
      ...{ dataset, method, label, unseenClasses, hIoU, seenMIoU, unseenMIoU, mIoU: null, PA: null, MA: null },
      seenClasses: classes - unseenClasses,
      backbone: 'DeepLab-v3+ ResNet-101',
      source: 'ZS3Net paper, background included',
    })),
  ),
];

/** Description of a run whose published counterpart is looked up. */
export interface PublishedQuery {
  readonly method: string;
  readonly dataset: string;
  readonly backbone: string;
  readonly seenClasses: number;
  readonly unseenClasses: number;
}

/**
 * The closest published row for a method on a dataset of the same family, and the reasons why the two are not
 * comparable (none if dataset, split and backbone are the paper's). `undefined` if nothing is published.
 *
 * @example
 * import { publishedFor } from '@unseen/report';
 *
 * const run = { method: 'cagnet', dataset: 'voc12', backbone: 'deeplabv2 resnet101', seenClasses: 15, unseenClasses: 5 };
 * publishedFor(run)?.result.hIoU; // → 0.3972
 */
export function publishedFor(query: PublishedQuery): { result: PublishedResult; differences: string[] } | undefined {
  // Our runs add the number of images after the name.
  const [name] = query.dataset.split(':');
  const near = PUBLISHED_RESULTS.filter(
    ({ method, dataset }) => method === query.method && PUBLISHED_DATASETS[dataset].family.test(name),
  );
  const result = near.find(({ unseenClasses }) => unseenClasses === query.unseenClasses) ?? near[0];
  if (!result) return undefined;
  const differences: string[] = [];
  const { title, names } = PUBLISHED_DATASETS[result.dataset];
  if (!names.test(name)) differences.push(`data: ${query.dataset} instead of the paper's ${title}`);
  if (query.seenClasses !== result.seenClasses || query.unseenClasses !== result.unseenClasses) {
    differences.push(
      `split: ${query.seenClasses} seen and ${query.unseenClasses} unseen classes, ` +
        `the paper's is ${result.seenClasses} and ${result.unseenClasses}`,
    );
  }
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replaceAll('plus', '+')
      .replaceAll(/[^a-z0-9+]/g, '');
  // A backbone with this pyramid is a DeepLab v2.
  const given = plain(query.backbone).replace('trainedaspp', 'deeplabv2');
  const same = result.backbone.split(' ').every((part) => given.includes(plain(part)));
  if (!same) differences.push(`backbone: ${query.backbone || 'not recorded'}, the paper's is ${result.backbone}`);
  return { result, differences };
}
