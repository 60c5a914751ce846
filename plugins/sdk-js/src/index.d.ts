import type { Table } from './tables.js';

/** An id of the Bot API. */
export type Id = number;
/** Milliseconds since 1970. */
export type Timestamp = number;

export interface User { id: Id; isBot: boolean; firstName: string; lastName?: string; username?: string; languageCode?: string }
export interface Chat { id: Id; kind: 'private' | 'group' | 'supergroup' | 'channel'; title: string; username?: string }
export interface File { id: string; uniqueId: string; size?: number }
export interface Photo { file: File; width: number; height: number }
export interface Document { file: File; name?: string; mimeType?: string }

/** What a message carries besides text. */
export type Content =
  | { kind: 'text' }
  | { kind: 'photo'; value: Photo }
  | { kind: 'document'; value: Document }
  | { kind: 'contact'; value: { phoneNumber: string; firstName: string; lastName?: string; userId?: Id } }
  | { kind: 'location'; value: { latitude: number; longitude: number } }
  /** The Bot API's JSON of the fields that say what it is. */
  | { kind: 'other'; value: string };

/** What a part of a text is, such as `bold`; `text-link`, `pre`, `text-mention` and `custom-emoji` carry a value. */
export interface EntityKind { kind: string; value?: string | number }
/** A part of a text; offset and length in UTF-16 units, which are JavaScript's own. */
export interface Entity { kind: EntityKind; offset: number; length: number }

export interface Message {
  id: Id; chat: Chat; sender?: User; senderChat?: Chat; date: Timestamp; edited?: Timestamp; topic?: number; replyTo?: Id;
  album?: string; forwarded: boolean; text: { content: string; entities: Entity[] }; content: Content;
}
/** A command; `argument` is what follows it, trimmed. */
export interface Command { name: string; argument: string; message: Message }
export interface DeepLink { payload: string; message: Message }
/** Somebody pressed an inline button of this plugin; `pressed` reads what it carries. */
export interface Callback { id: string; sender: User; chat: Chat; messageId: Id; topic?: number; data: string }
export type MemberStatus = 'owner' | 'administrator' | 'member' | 'restricted' | 'left' | 'banned';
export interface MemberChange { chat: Chat; by: User; user: User; isMe: boolean; before: MemberStatus; after: MemberStatus; date: Timestamp }
export interface TimerFired { key: string; data: string; due: Timestamp; chat: Id }
export interface ScheduleTick { name: string; due: Timestamp; missed: number }
export interface Parameter { name: string; value: string }
export interface HttpRequest { route: string; path: Parameter[]; query: Parameter[]; body: string }
export interface OtherUpdate { kind: string; json: string; chat?: Id; sender?: Id }

/** One thing that happened, for one plugin to handle. */
export type Event =
  | { kind: 'message' | 'edited-message' | 'channel-post' | 'edited-channel-post'; value: Message }
  | { kind: 'command'; value: Command }
  | { kind: 'deep-link'; value: DeepLink }
  | { kind: 'callback'; value: Callback }
  | { kind: 'album'; value: Message[] }
  | { kind: 'member'; value: MemberChange }
  | { kind: 'timer'; value: TimerFired }
  | { kind: 'schedule'; value: ScheduleTick }
  | { kind: 'request'; value: HttpRequest }
  | { kind: 'other'; value: OtherUpdate };

/** The events a plugin may ask for. Its own commands, deep links and buttons reach it without asking. */
export type EventKind = 'message' | 'edited-message' | 'channel-post' | 'edited-channel-post' | 'member' | 'album' | 'other';

/** What a plugin says of itself; everything may be left out but the first three. */
export interface Manifest {
  name: string;
  version: string;
  description: string;
  /** `translations` by language: `{ ru: '…' }`. */
  commands?: { name: string; description: string; translations?: Record<string, string>; adminsOnly?: boolean }[];
  deepLinks?: string[];
  events?: EventKind[];
  tables?: Table<any>[];
  /** A setting without a default has to be given by the operator. */
  config?: { name: string; description: string; default?: string | number | boolean }[];
  processors?: { name: string; events?: EventKind[] }[];
  schedules?: { name: string; cron: string; processor?: string }[];
  /** `request` and `response` are JSON schemas. */
  routes?: {
    name: string; path: string; description: string; method?: 'get' | 'post' | 'put' | 'patch' | 'delete';
    parameters?: { name: string; description: string; isInteger?: boolean; required?: boolean }[];
    request?: object | string; response?: object | string; processor?: string;
  }[];
}

/** What a plugin is; the module that holds it has it as its default export. */
export interface Plugin { describe(): unknown; handle(event: unknown): void }
/** Makes a plugin. `handle` is synchronous: every call to the host answers at once. What it asks for takes effect if it returns. */
export function plugin(of: { describe(): Manifest; handle(event: Event): void }): Plugin;

/** Ends a turn without effect. The reason is for the operator, the person in the chat never sees it. */
export class Failure extends Error {
  readonly kind: 'retry' | 'give-up';
  /** It may work later: the host runs the turn again after a pause. */
  static retry(reason: unknown): Failure;
  /** It will never work: the event becomes a dead letter. */
  static giveUp(reason: unknown): Failure;
}
/** Why the host did not do what it was asked. Left alone, it becomes a failure: retried if temporary, else given up. */
export class HostError extends Error {
  readonly what: string;
  /** The case of the contract, such as `not-unique` or `chat-not-granted`. */
  readonly kind: string;
  readonly value: unknown;
  readonly isTemporary: boolean;
}

export type TextLike = string | Text | { content: string; entities?: Entity[] };
/** A text and its formatting. Each method adds a part and returns the same text. */
export class Text {
  constructor(content?: string);
  content: string;
  entities: Entity[];
  plain(part: TextLike): this;
  /** Begins a new line. */
  line(part?: TextLike): this;
  bold(part: TextLike): this;
  italic(part: TextLike): this;
  underline(part: TextLike): this;
  strikethrough(part: TextLike): this;
  spoiler(part: TextLike): this;
  quote(part: TextLike): this;
  code(part: TextLike): this;
  pre(part: TextLike, language?: string): this;
  link(part: TextLike, url: string): this;
  mention(part: TextLike, user: Id): this;
  static from(part: TextLike): Text;
}
/** Begins a text. */
export function text(content?: string): Text;
/** What a button carries, as `button.call` put it there. */
export function pressed(callback: Callback): any;
/** First and last name. */
export function fullName(user: User): string;
