import { ResNet } from '@unseen/backbone';
import type { Ops, Parameter } from '@unseen/tensor';
import {
  BoundaryBranch,
  CamNetwork,
  CoAttention,
  DisplacementBranch,
  imageScores,
  PairNetwork,
  Projection,
} from '@unseen/weakly';
import { type Draw, normalInput, type Sample, stir } from './sample.ts';

/** A network on the positions of a map [n, h, w]. */
interface MapCase {
  readonly sample: (draw: Draw, positions: readonly number[]) => Omit<Sample, 'name'>;
}

const seedsOf = (draw: Draw) => draw.seeds.child('network');

/** Channels and strides of taps as IRNet has them. */
const TAPS = [
  { name: 'a', channels: 3, stride: 4 },
  { name: 'b', channels: 5, stride: 4 },
  { name: 'c', channels: 4, stride: 8 },
  { name: 'd', channels: 2, stride: 16 },
  { name: 'e', channels: 6, stride: 16 },
];

/** A branch of IRNet on its five taps. */
function branch(
  build: (draw: Draw) => {
    parameters(): Parameter[];
    forward<V>(ops: Ops<V>, taps: readonly V[]): V;
  },
): MapCase {
  return {
    sample: (draw, [batch, height, width]) => {
      const network = build(draw);
      const inputs = TAPS.map(({ name, channels, stride }) => {
        const side = (length: number) => Math.ceil((4 * length) / stride);
        return [name, normalInput(draw, name, [batch, side(height), side(width), channels])] as const;
      });
      return {
        training: true,
        parameters: network.parameters(),
        inputs: Object.fromEntries(inputs),
        forward(ops, given) {
          const y = network.forward(
            ops,
            TAPS.map(({ name }) => given[name]),
          );
          return { y };
        },
      };
    },
  };
}

/** A network without an encoder to speak of. */
const encoder = (draw: Draw) =>
  new ResNet({
    block: 'basic',
    depths: [1],
    widths: [4],
    strides: [1],
    stem: { width: 4, kernel: 3, pool: 'none' },
    seeds: seedsOf(draw),
  });

/** Feature maps of two images, on grids of their own. */
const pairInputs = (draw: Draw, [batch, height, width]: readonly number[], channels: number) => ({
  left: normalInput(draw, 'left', [batch, height, width, channels], Math.abs),
  right: normalInput(draw, 'right', [batch, width, height - 1, channels], Math.abs),
});

/** The cases of the networks of weakly supervised methods, by their classes. */
export const supervisionCases: Readonly<Record<string, Readonly<Record<string, MapCase>>>> = {
  Projection: Object.fromEntries(
    [1, 2].map((enlarge) => [
      `enlarging by ${enlarge}, cut`,
      {
        sample: (draw: Draw, [batch, height, width]: readonly number[]) => {
          const sizes = { inputs: 5, outputs: 6, groups: 3, enlarge };
          const network = stir(new Projection({ ...sizes, seeds: seedsOf(draw) }), draw);
          return {
            parameters: network.parameters(),
            inputs: { x: normalInput(draw, 'x', [batch, height, width, 5]) },
            forward: <V>(ops: Ops<V>, { x }: Readonly<Record<string, V>>) => ({
              y: network.forward(ops, x, [height - 1, width]),
            }),
          };
        },
      },
    ]),
  ),
  BoundaryBranch: {
    'on odd grids': branch((draw) =>
      stir(new BoundaryBranch({ taps: TAPS, width: 4, groups: 2, seeds: seedsOf(draw) }), draw),
    ),
  },
  DisplacementBranch: {
    'on odd grids': branch((draw) =>
      stir(new DisplacementBranch({ taps: TAPS, widths: [4, 6, 8], groups: [2, 3, 2], seeds: seedsOf(draw) }), draw),
    ),
  },
  CamNetwork: {
    'scores, and maps with those of the mirror image': {
      sample: (draw, [batch, height, width]) => {
        const network = stir(new CamNetwork({ encoder: encoder(draw), classes: 3, seeds: seedsOf(draw) }), draw);
        return {
          parameters: network.parameters(),
          inputs: { images: normalInput(draw, 'images', [batch, height, width, 3]) },
          forward: (ops, { images }) => ({
            scores: network.forward(ops, images),
            maps: network.mirroredActivations(ops, images),
          }),
        };
      },
    },
  },
  CoAttention: {
    'of images of two sizes': {
      sample: (draw, positions) => {
        const network = new CoAttention({ channels: 5, seeds: seedsOf(draw) });
        return {
          parameters: network.parameters(),
          inputs: pairInputs(draw, positions, 5),
          forward(ops, { left, right }) {
            const found = network.forward(ops, left, right);
            return { ...found.left, other: found.right.exclusive };
          },
        };
      },
    },
  },
  PairNetwork: Object.fromEntries(
    [false, true].map((sharedHead) => [
      sharedHead ? 'with one head' : 'with a head for co-attention',
      {
        sample: (draw: Draw, positions: readonly number[]) => {
          const options = { encoder: encoder(draw), depth: 0, classes: 3, sharedHead, seeds: seedsOf(draw) };
          const network = stir(new PairNetwork(options), draw);
          return {
            parameters: [...network.classifier.parameters(), ...network.attention.parameters()],
            inputs: pairInputs(draw, positions, 4),
            forward<V>(ops: Ops<V>, { left, right }: Readonly<Record<string, V>>) {
              const maps = network.relate(ops, left, right);
              const { basic, co, contrast } = maps.left;
              return { basic, co, contrast, scores: imageScores(ops, maps.right.contrast) };
            },
          };
        },
      },
    ]),
  ),
};
