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
    summary: 'Add classes to a trained run by name',
    load: async () => (await import('./verbs/extend.ts')).extend,
  },
  {
    command: 'metrics',
    summary: 'Score masks from any tool',
    load: async () => (await import('./verbs/metrics.ts')).metrics,
  },
  {
    command: 'report <runs..>',
    summary: 'Write the report of a run, or compare several',
    load: async () => (await import('./verbs/report.ts')).report,
  },
  {
    name: 'analyze',
    summary: 'Analyze a trained CaGNet run',
    verbs: [
      {
        command: 'context-scale <run>',
        summary: 'Show the preferred context scale by pixel, class and object size',
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
    summary: 'Extract, inspect and merge pixel features',
    verbs: [
      {
        command: 'extract',
        summary: 'Extract and store backbone features',
        load: async () => (await import('./verbs/features-extract.ts')).featuresExtract,
      },
      {
        command: 'inspect <store>',
        summary: "Show a store's provenance, classes and a projection",
        load: async () => (await import('./verbs/features-inspect.ts')).featuresInspect,
      },
      {
        command: 'merge <folder>',
        summary: 'Merge the shards of an extraction',
        load: async () => (await import('./verbs/features-merge.ts')).featuresMerge,
      },
      {
        command: 'synthesize <run>',
        summary: 'Generate features from class vectors',
        load: async () => (await import('./verbs/features-synthesize.ts')).featuresSynthesize,
      },
    ],
  },
  {
    name: 'experiment',
    summary: 'Show experiment files',
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
    summary: 'List and describe networks',
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
    summary: 'Inspect and import weights',
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
        summary: "List a file's tensors and the backbones it fits",
        load: async () => (await import('./verbs/weights-inspect.ts')).weightsInspect,
      },
    ],
  },
  {
    name: 'dataset',
    summary: 'Prepare, check and convert datasets',
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
        summary: 'Build a dataset from its official archives',
        load: async () => (await import('./verbs/dataset-prepare.ts')).datasetPrepare,
      },
      {
        command: 'split <dataset>',
        summary: 'Choose which training images keep their labels',
        load: async () => (await import('./verbs/dataset-split.ts')).datasetSplit,
      },
      {
        command: 'export <dataset>',
        summary: 'Write a dataset in another layout',
        load: async () => (await import('./verbs/dataset-export.ts')).datasetExport,
      },
    ],
  },
  {
    name: 'embed',
    summary: 'Build and inspect class vectors',
    verbs: [
      {
        command: 'build [recipe]',
        summary: 'Build class vectors from a recipe or any table',
        load: async () => (await import('./verbs/embed-build.ts')).embedBuild,
      },
      {
        command: 'inspect <table>',
        summary: 'Show nearest classes, norms and suspicious vectors',
        load: async () => (await import('./verbs/embed-inspect.ts')).embedInspect,
      },
    ],
  },
  {
    name: 'export',
    summary: 'Export a trained run',
    verbs: [
      {
        command: 'onnx <run>',
        summary: 'Write one ONNX file that maps images to logits',
        load: async () => (await import('./verbs/export-onnx.ts')).exportRunOnnx,
      },
    ],
  },
  {
    command: 'bench',
    summary: 'Benchmark this machine, next to PyTorch',
    load: async () => (await import('./verbs/bench.ts')).bench,
  },
  {
    command: 'backends',
    summary: 'Show the compute backends of this machine',
    load: async () => (await import('./verbs/backends.ts')).backends,
  },
];

/** The word that selects a verb or a group. */
export function wordOf(entry: VerbEntry | VerbGroup): string {
  return 'verbs' in entry ? entry.name : entry.command.split(' ')[0];
}
