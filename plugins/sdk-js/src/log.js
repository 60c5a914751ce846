// Lines in the host's log; no grant is needed. Never write a person's message at `info` or above.

import { write } from 'guesthouse:plugin/log@0.1.0';

export const debug = (line) => write('debug', String(line));
export const info = (line) => write('info', String(line));
export const warn = (line) => write('warn', String(line));
export const error = (line) => write('error', String(line));
