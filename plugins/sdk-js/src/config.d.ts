/** The value of a setting: the operator's, or the default of the manifest. */
export function get(key: string): string | undefined;
export function number(key: string): number | undefined;
/** The users who run this bot. */
export function admins(): number[];
export function isAdmin(user: number | { id: number } | undefined): boolean;
export function me(): { id: number; username: string; name: string };
/** The address that opens the bot with this payload: 1 to 64 of `A-Z a-z 0-9 _ -`. */
export function deepLink(payload: string): string;
