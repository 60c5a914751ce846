export function debug(line: unknown): void;
export function info(line: unknown): void;
export function warn(line: unknown): void;
export function error(line: unknown): void;
