import { join } from 'node:path';
import type { Analysis, AnalysisResult } from '@unseen/analysis';
import { writeFileAtomic, writeJsonAtomic } from '@unseen/core';
import { encodeRgbPng } from '@unseen/formats';
import { clustersText } from './analysis-clusters.ts';
import { contextScaleText } from './analysis-context-scale.ts';
import { type AnalysisText, analysisPage, drawAnalysis } from './analysis-page.ts';
import { reconstructionText } from './analysis-reconstruction.ts';
import { standaloneSvg } from './charts.ts';
import type { EmbeddedImage } from './run-page.ts';

/** Files of an analysis. */
export interface WrittenAnalysis {
  /** Self-contained page. */
  readonly html: string;
  readonly json: string;
  /** The lead sentences of the page. */
  readonly lead: readonly string[];
}

/**
 * Writes `index.html`, `analysis.json`, `pictures/<image>.<picture>.png` and `figures/*.svg` of an analysis into a folder.
 * Each file is written atomically, the page last.
 */
export async function writeAnalysis(result: AnalysisResult<Analysis>, out: string): Promise<WrittenAnalysis> {
  const { analysis, images } = result;
  const text = textOf(result);
  const embedded = new Map<string, EmbeddedImage>();
  for (const { id, pictures } of images) {
    for (const { name, image } of pictures) {
      const bytes = encodeRgbPng(image);
      await writeFileAtomic(join(out, 'pictures', fileName(id, name)), bytes);
      const { width, height } = image;
      const uri = `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
      embedded.set(fileName(id, name), { uri, width, height });
    }
  }
  const drawn = await drawAnalysis(text);
  for (const { name, svg } of drawn) {
    await writeFileAtomic(join(out, 'figures', `${name}.svg`), standaloneSvg(svg));
  }
  const [html, json] = [join(out, 'index.html'), join(out, 'analysis.json')];
  await writeJsonAtomic(json, analysis);
  const picture = (id: string, name: string) => embedded.get(fileName(id, name))!;
  await writeFileAtomic(html, analysisPage(result, text, drawn, picture));
  return { html, json, lead: text.lead };
}

function textOf({ analysis, legend }: AnalysisResult<Analysis>): AnalysisText {
  switch (analysis.kind) {
    case 'context-scale':
      return contextScaleText(
        analysis,
        legend.map(({ color }) => `rgb(${color.join(',')})`),
      );
    case 'reconstruction':
      return reconstructionText(analysis);
    case 'clusters':
      return clustersText(analysis);
  }
}

function fileName(id: string, picture: string): string {
  return `${id.replaceAll(/[^\w.-]/g, '_')}.${picture}.png`;
}
