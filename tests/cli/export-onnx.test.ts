import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashJson, SeedTree } from '@unseen/core';
import { loadExperiment, loadModel } from '@unseen/experiment';
import { createSession, hostTensor, onnxruntimeProblem } from '@unseen/tensor';
import { cagnet } from '@unseen/zero-shot';
import { beforeAll, describe, expect, test } from 'vitest';
import { unseen } from '../helpers/command.ts';
import { trainedCopy } from '../helpers/trained-run.ts';

let dir: string;
let run: string;
beforeAll(async () => {
  dir = await trainedCopy();
  run = join(dir, 'run');
});

describe.skipIf(onnxruntimeProblem() !== undefined)('an exported run', () => {
  test.each(['cagnet', 'seen-only'])('gives the logits of %s in any ONNX runtime', async (name) => {
    const file = join(dir, `${name}.onnx`);
    const { lastLine } = await unseen(['export', 'onnx', run, '--out', file, '--model', name, '--json'], dir);
    const { input } = JSON.parse(lastLine) as { input: { size: [number, number] } };
    const [height, width] = input.size;
    const random = new SeedTree(4).stream();
    const image = { height, width, data: Uint8Array.from({ length: height * width * 3 }, () => random.integer(256)) };

    const model = await loadModel(run, { methods: { cagnet }, name });
    const expected = await model.logits(image);
    const found = new Float32Array(expected.data.length);
    const session = createSession(await readFile(file), { direct: false, threads: 1 });
    session.run(
      { image: hostTensor(Float32Array.from(image.data), [1, height, width, 3]) },
      { logits: hostTensor(found, [1, expected.height, expected.width, model.classes.length]) },
    );
    session.dispose();
    for (const [i, value] of expected.data.entries()) expect(Math.abs(found[i] - value)).toBeLessThan(1e-4);
    // Not all alike, so that the comparison says something.
    expect(Math.max(...found) - Math.min(...found)).toBeGreaterThan(0.1);
    model.dispose();
  });

  test('says in its metadata what its channels are, and uses standard operators alone', async () => {
    const { code, lastLine, stderr } = await unseen(['export', 'onnx', run, '--json'], dir);
    expect(code).toBe(0);
    expect(stderr).toContain('image [1, 16, 16, 3] → logits [1, 4, 4, 3]');
    const { file, classes, provenance } = JSON.parse(lastLine);
    expect(file).toBe(join(run, 'cagnet.onnx'));
    const text = (await readFile(file)).toString();
    expect(text).toContain(JSON.stringify(classes));
    expect(text).toContain(JSON.stringify(provenance));
    expect(classes.map(({ name, group }: Record<string, string>) => [name, group])).toEqual([
      ['cat', 'seen'],
      ['dog', 'seen'],
      ['lynx', 'unseen'],
    ]);
    expect(provenance).toMatchObject({ method: 'cagnet', model: 'cagnet', backbone: 'resnet_micro.toy_attributes' });
    expect(text).not.toContain('com.microsoft');
    expect(text).not.toContain(dir);
  });

  test('needs no backend that the run was trained on', async () => {
    const path = join(run, 'config.yaml');
    const settings = await readFile(path, 'utf8');
    await writeFile(path, settings.replace(/^backend: .*$/m, 'backend: tensorflow'));
    const { code, lastLine } = await unseen(['export', 'onnx', run, '--out', join(dir, 'gpu.onnx'), '--json'], dir);
    const { config } = await loadExperiment(path, { methods: { cagnet } });
    await writeFile(path, settings);
    expect(code).toBe(0);
    expect(config.backend).toBe('tensorflow');
    expect(JSON.parse(lastLine).provenance.settings).toBe(hashJson(config));
  });

  test('cannot be of a model that the run does not have', async () => {
    const { code, stderr } = await unseen(['export', 'onnx', run, '--model', 'cagnt'], dir);
    expect(code).toBe(1);
    expect(stderr).toContain("unknown model of this run 'cagnt'");
    expect(stderr).toContain('cagnet');
  });
});
