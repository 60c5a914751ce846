/** The update as Telegram sent it; `undefined` for an event that is not an update. */
export function json(): any;
/** The processor that this turn belongs to, if it is not the plugin itself. */
export function processor(): string | undefined;
/** Says that this message is nothing for the plugin, and why. Returns whether there is a next one to be asked. */
export function pass(reason: string): boolean;
