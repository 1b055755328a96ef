// Runs before each file of tests (vitest.config.ts).
import { afterAll } from 'vitest';
import { removeFoldersOfFile } from './temporary-folder.ts';

afterAll(removeFoldersOfFile);
