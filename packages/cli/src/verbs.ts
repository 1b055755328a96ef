import type { Verb } from './verb.ts';

/** A verb in the list of verbs; what it needs is loaded when it is used. */
export interface VerbEntry {
  /** Name and positional arguments, in yargs' notation. */
  readonly command: string;
  readonly summary: string;
  load(): Promise<Verb>;
}

/** Verbs under a common word, such as `dataset list`. */
export interface VerbGroup {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly VerbEntry[];
}

/** The whole command, in the order of its help. */
export const verbs: readonly (VerbEntry | VerbGroup)[] = [
  {
    command: 'demo',
    summary: 'Run the whole pipeline on the embedded toy dataset',
    load: async () => (await import('./verbs/demo.ts')).demo,
  },
  {
    command: 'run <experiment>',
    summary: 'Run all stages of an experiment',
    load: async () => (await import('./verbs/run.ts')).run,
  },
  {
    command: 'evaluate <run>',
    summary: 'Evaluate a trained run again',
    load: async () => (await import('./verbs/evaluate.ts')).evaluate,
  },
  {
    command: 'predict <run> <images..>',
    summary: 'Segment images with a trained run',
    load: async () => (await import('./verbs/predict.ts')).predict,
  },
  {
    command: 'extend <run>',
    summary: 'Teach a trained run classes by their names',
    load: async () => (await import('./verbs/extend.ts')).extend,
  },
  {
    command: 'metrics',
    summary: "Score any tool's masks",
    load: async () => (await import('./verbs/metrics.ts')).metrics,
  },
  {
    command: 'report <runs..>',
    summary: 'Write the report of a run, or compare several',
    load: async () => (await import('./verbs/report.ts')).report,
  },
  {
    name: 'analyze',
    summary: 'Look inside a trained run of CaGNet',
    verbs: [
      {
        command: 'context-scale <run>',
        summary: 'Show which scale of context is preferred, by pixel, class and size',
        load: async () => (await import('./verbs/analyze-context-scale.ts')).analyzeContextScale,
      },
      {
        command: 'reconstruction <run>',
        summary: 'Compare regenerated features with the real ones',
        load: async () => (await import('./verbs/analyze-reconstruction.ts')).analyzeReconstruction,
      },
      {
        command: 'clusters <run>',
        summary: "Cluster one class's features; show real beside generated ones",
        load: async () => (await import('./verbs/analyze-clusters.ts')).analyzeClusters,
      },
    ],
  },
  {
    name: 'features',
    summary: 'Make files of pixel features and look at them',
    verbs: [
      {
        command: 'extract',
        summary: 'Run a frozen backbone over a dataset and store what it gives',
        load: async () => (await import('./verbs/features-extract.ts')).featuresExtract,
      },
      {
        command: 'inspect <store>',
        summary: 'Show where features come from, their classes and a projection',
        load: async () => (await import('./verbs/features-inspect.ts')).featuresInspect,
      },
      {
        command: 'merge <folder>',
        summary: 'Join the shards of an extraction',
        load: async () => (await import('./verbs/features-merge.ts')).featuresMerge,
      },
      {
        command: 'synthesize <run>',
        summary: 'Generate features of classes by their vectors',
        load: async () => (await import('./verbs/features-synthesize.ts')).featuresSynthesize,
      },
    ],
  },
  {
    name: 'experiment',
    summary: 'Look at experiment files',
    verbs: [
      {
        command: 'show <experiment>',
        summary: 'Print the resolved settings of an experiment',
        load: async () => (await import('./verbs/experiment-show.ts')).experimentShow,
      },
    ],
  },
  {
    name: 'models',
    summary: 'Look at the networks that can be built',
    verbs: [
      {
        command: 'list [filter]',
        summary: 'List networks with parameters and published weights',
        load: async () => (await import('./verbs/models-list.ts')).modelsList,
      },
      {
        command: 'show <name>',
        summary: 'Show parameters, FLOPs, stages and weights of one network',
        load: async () => (await import('./verbs/models-show.ts')).modelsShow,
      },
    ],
  },
  {
    name: 'weights',
    summary: 'Look at files of weights and import them',
    verbs: [
      {
        command: 'list',
        summary: 'List published weights that can be imported by name',
        load: async () => (await import('./verbs/weights-list.ts')).weightsList,
      },
      {
        command: 'import <weights>',
        summary: 'Convert published weights for a backbone',
        load: async () => (await import('./verbs/weights-import.ts')).weightsImport,
      },
      {
        command: 'inspect <file>',
        summary: 'List the tensors of a file and the backbones that it fits',
        load: async () => (await import('./verbs/weights-inspect.ts')).weightsInspect,
      },
    ],
  },
  {
    name: 'dataset',
    summary: 'Look at datasets',
    verbs: [
      {
        command: 'list',
        summary: 'List the registered datasets',
        load: async () => (await import('./verbs/dataset-list.ts')).datasetList,
      },
      {
        command: 'doctor <dataset>',
        summary: 'Find what is wrong with a dataset before training',
        load: async () => (await import('./verbs/dataset-doctor.ts')).datasetDoctor,
      },
      {
        command: 'prepare <dataset>',
        summary: 'Make the files of a dataset of its official archives',
        load: async () => (await import('./verbs/dataset-prepare.ts')).datasetPrepare,
      },
      {
        command: 'split <dataset>',
        summary: 'Choose the training images that keep their labels',
        load: async () => (await import('./verbs/dataset-split.ts')).datasetSplit,
      },
      {
        command: 'export <dataset>',
        summary: 'Write a dataset in a layout of folders',
        load: async () => (await import('./verbs/dataset-export.ts')).datasetExport,
      },
    ],
  },
  {
    name: 'embed',
    summary: 'Make class tables of word vectors',
    verbs: [
      {
        command: 'build [recipe]',
        summary: 'Build the class vectors of a recipe, or of any table',
        load: async () => (await import('./verbs/embed-build.ts')).embedBuild,
      },
      {
        command: 'inspect <table>',
        summary: 'Show nearest classes, lengths and what is suspicious',
        load: async () => (await import('./verbs/embed-inspect.ts')).embedInspect,
      },
    ],
  },
  {
    name: 'export',
    summary: 'Take a trained run elsewhere',
    verbs: [
      {
        command: 'onnx <run>',
        summary: 'Write one ONNX file, from image to logits',
        load: async () => (await import('./verbs/export-onnx.ts')).exportRunOnnx,
      },
    ],
  },
  {
    command: 'bench',
    summary: 'Measure the speed of this machine, beside PyTorch',
    load: async () => (await import('./verbs/bench.ts')).bench,
  },
  {
    command: 'backends',
    summary: 'Show what this machine offers for computing',
    load: async () => (await import('./verbs/backends.ts')).backends,
  },
];

/** The word that selects a verb or a group. */
export function wordOf(entry: VerbEntry | VerbGroup): string {
  return 'verbs' in entry ? entry.name : entry.command.split(' ')[0];
}
