import { cp } from 'node:fs/promises';
import { unseen } from './command.ts';
import { madeOnce } from './once.ts';
import { writeSmallExperiment } from './small-experiment.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * A folder with the small experiment, trained into `run`. It is made once for all tests: whoever changes it, or has a
 * command write into it, takes {@link trainedCopy}.
 */
export function trainedFolder(): Promise<string> {
  return madeOnce('small-experiment', async (folder) => {
    await writeSmallExperiment(folder);
    const { code, stderr } = await unseen(['run', 'small.exp.yaml', '--out', 'run'], folder);
    if (code !== 0) throw new Error(stderr);
  });
}

/** A copy of {@link trainedFolder} of one's own. Its run reads the dataset of the original. */
export async function trainedCopy(): Promise<string> {
  const folder = temporaryFolder();
  await cp(await trainedFolder(), folder, { recursive: true });
  return folder;
}
