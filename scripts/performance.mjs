// node scripts/performance.mjs [RESULT.json [PAGE.md]]: docs/performance.md, or another page, and its picture from the result
// of `unseen bench --json`, which is run first where no file is given. Nothing else should run on the machine meanwhile.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build, root } from './prepare.mjs';

const RESULT = join(root, 'docs/performance.json');
const PICTURE = 'images/performance.svg';
const [BEGIN, END] = ['<!-- results: written by scripts/performance.mjs -->', '<!-- end of results -->'];

const [given, page = join(root, 'docs/performance.md')] = process.argv.slice(2);
const PAGE = resolve(page);
const folder = dirname(PAGE);
build();
const { results, machine } = given ? JSON.parse(readFileSync(given, 'utf8')) : measure();
if (machine.sizes !== 'full') throw new Error('times of tiny sizes mean nothing: leave out --quick');
const { barChart, renderChart, standaloneSvg } = await import('@unseen/report');

const text = readFileSync(PAGE, 'utf8');
const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
if (before < 0 || after < 0) throw new Error(`${PAGE} has no place for the results`);
writeFileSync(PAGE, `${text.slice(0, before)}${BEGIN}\n\n${section()}\n\n${text.slice(after)}`);
mkdirSync(join(folder, 'images'), { recursive: true });
writeFileSync(join(folder, PICTURE), await picture());
process.stderr.write(`${PAGE}\n`);

function measure() {
  const unseen = join(root, 'packages/cli/bin/unseen.js');
  const { status, stdout } = spawnSync(process.execPath, [unseen, 'bench', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) process.exit(status || 1);
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1));
  writeFileSync(RESULT, `${JSON.stringify(last, null, 2)}\n`);
  return last;
}

function section() {
  const { torch, matmulGflops: peak } = machine;
  const other = torch ? `PyTorch ${torch.version}` : 'no PyTorch';
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; ${machine.threads} threads on each side; ` +
      `Node ${machine.node.slice(1)}, ONNX Runtime ${machine.onnxruntime}, ${other}. A product of two matrices 2048×2048 runs at ` +
      `${peak.ours.toFixed(0)} GFLOP/s${peak.torch ? ` (PyTorch: ${peak.torch.toFixed(0)})` : ''}.`,
    '',
    ...table([
      [
        'benchmark',
        'ours, ms',
        'PyTorch, ms',
        'ratio',
        'in the rounds',
        'GFLOP/s',
        '% of peak',
        'peak memory, MB',
        'PyTorch, MB',
        'ratio',
      ],
      ...results.map((r) => [
        `\`${r.name}\``,
        `${ms(r.ours)} ± ${ms(r.oursDeviation)}`,
        r.torch === null ? '–' : `${ms(r.torch)} ± ${ms(r.torchDeviation)}`,
        fixed(r.ratio),
        r.ratioRange ? r.ratioRange.map((ratio) => fixed(ratio)).join(' … ') : '–',
        fixed(r.oursGflops, 0),
        fixed(r.shareOfPeak && 100 * r.shareOfPeak, 0),
        fixed(r.oursPeakMemory / 1e6, 0),
        fixed(r.torchPeakMemory && r.torchPeakMemory / 1e6, 0),
        fixed(r.memoryRatio),
      ]),
    ]),
    '',
    `![Time and peak memory relative to PyTorch's](${PICTURE})`,
    '',
    'A step of each:',
    '',
    ...results.map((r) => `- \`${r.name}\`: ${r.step}`),
  ].join('\n');
}

function picture() {
  const bars = results
    .filter(({ ratio }) => ratio !== null)
    .flatMap((r) => [
      { category: r.name, series: 'time', value: r.ratio },
      { category: r.name, series: 'peak memory', value: r.memoryRatio },
    ]);
  const title = "ours / PyTorch's (below 1: less)";
  const alt = `Time and peak memory relative to PyTorch's: ${bars.map((b) => `${b.category} ${b.series} ${b.value.toFixed(2)}`).join(', ')}`;
  return renderChart(barChart(bars, title, { colors: ['#3b7dd8', '#8b95a1'] }), 'performance', alt).then(standaloneSvg);
}

function table([header, ...rows]) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), `|${header.map((_, i) => (i === 0 ? '---|' : '---:|')).join('')}`, ...rows.map(line)];
}

function ms(seconds) {
  const value = seconds * 1000;
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

function fixed(value, digits = 2) {
  return value === null ? '–' : value.toFixed(digits);
}
