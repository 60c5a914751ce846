/** The content of a file, by its id. Telegram gives bots no more than 20 MB. */
export function fetch(fileId: string): Uint8Array;
