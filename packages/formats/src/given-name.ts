import { z } from 'zod';

/** A name that users give to a class, a split or a table: it stands in tables, messages and file names. */
export const givenName = () => z.string().min(1).max(200);
