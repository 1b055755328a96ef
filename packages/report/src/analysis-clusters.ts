import type { ClustersAnalysis } from '@unseen/analysis';
import { pointFrames } from './analysis-charts.ts';
import { type AnalysisText, starred } from './analysis-page.ts';
import { percent } from './format.ts';

/** Text of the page of a cluster analysis. */
export function clustersText(analysis: ClustersAnalysis): AnalysisText {
  const { clustered, clusterings, axes, projected } = analysis;
  const share = (value: number | null) => (value === null ? '–' : percent(value));
  return {
    title: `Clusters of ${clustered.name}, and generated features`,
    lead: [
      `${clustered.sampled.toLocaleString('en')} of ${clustered.pixels.toLocaleString('en')} pixels of the ${clustered.group} class '${clustered.name}' were clustered by K-means on the features that generator and classifier use.`,
      'A class is more than one feature: if clusters follow parts, poses or surroundings, a single synthetic feature per class name cannot represent it.',
    ],
    pictures: `Cluster of each pixel of '${clustered.name}', by nearest centroid. Clusters are numbered by size; equal numbers in different columns are different clusters.`,
    sections: [
      {
        name: 'clusterings',
        title: 'Numbers of clusters',
        text: 'Explained is the share of the variance between clusters. It rises with their number; once it levels off, more clusters add nothing.',
        table: {
          head: ['clusters', 'explained', 'sizes', 'iterations'],
          rows: clusterings.map(({ clusters, explained, sizes, iterations, converged }) => [
            String(clusters),
            percent(explained),
            sizes.join(', '),
            converged ? String(iterations) : `${iterations}, not converged`,
          ]),
        },
      },
      {
        name: 'projection',
        title: 'Real and generated features',
        text: 'Each frame shows one class: its real features, those generated from its vector with z ~ N(0, I) as in fine-tuning, and in grey some real features of all classes shown. * marks unseen classes. The axes are the first two principal components of the real features of all classes; differences along other directions are not visible here.',
        chart: pointFrames(
          projected.flatMap(({ name, group, real, generated }) => {
            const frame = starred({ name, group });
            return [
              { frame, series: 'real', points: real },
              { frame, series: 'generated', points: generated },
            ];
          }),
          [`component 1 (${percent(axes[0] ?? 0)})`, `component 2 (${percent(axes[1] ?? 0)})`],
        ),
      },
      {
        name: 'recognised',
        title: 'How close generated features are',
        text: 'Recognised: share of the features that are closer to the mean real feature of their own class than to that of any other class. Shift: distance between the means of real and generated features, in units of the spread of the real ones (root mean square distance to their mean); below 1, generated features lie inside their class. Spread: that of the generated features, in the same unit; far below 1, the generator produces nearly the same feature whatever the noise.',
        table: {
          head: ['class', 'group', 'real recognised', 'generated recognised', 'shift', 'spread'],
          rows: projected.map(({ name, group, recognised, shift, spread }) => [
            name,
            group,
            share(recognised.real),
            share(recognised.generated),
            shift === null ? '–' : shift.toFixed(2),
            spread === null ? '–' : spread.toFixed(2),
          ]),
        },
      },
    ],
  };
}
