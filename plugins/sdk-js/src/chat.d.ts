import type { Callback, Document, Id, Message, Photo, TextLike } from './index.js';
export { Text, text } from './index.js';

/** A message that may not have been sent yet, or one that stands in a chat. JSON can keep it. */
export type MessageRef = { sent: number } | { chat: Id; id: Id };
/** Whatever names a message. */
export type Named = MessageRef | Message | Callback;
export interface Button { readonly label: string; readonly action: unknown; readonly onlyFor?: Id }
export interface Key { readonly label: string }
export interface Keyboard { readonly tag: string }
/** A file that Telegram has, by its id or as it was received, or bytes to upload. */
export type FileLike = string | Photo | Document | Upload;
export interface Upload { readonly tag: 'upload' }

export const button: {
  /** Calls the plugin with a value, which `pressed(callback)` gives back; at most 4 KiB as JSON. */
  call(label: string, value: unknown, options?: { onlyFor?: Id }): Button;
  /** Calls the plugin with a text; `onlyFor` is the only user who may press it. */
  callback(label: string, data: string, options?: { onlyFor?: Id }): Button;
  url(label: string, url: string): Button;
  /** Lets the user choose a chat and send this text there. */
  share(label: string, text: string): Button;
  /** Puts this text into the clipboard. */
  copy(label: string, text: string): Button;
};
export const key: { text(label: string): Key; contact(label: string): Key; location(label: string): Key };
export const keyboard: {
  buttons(rows: Button[][]): Keyboard;
  keys(rows: Key[][], options?: { oneTime?: boolean; placeholder?: string }): Keyboard;
  readonly remove: Keyboard;
  readonly forceReply: Keyboard;
};
/** Bytes to upload under a file name with its ending. */
export function upload(name: string, bytes: Uint8Array): Upload;

/** A message to be sent or put in the place of another one. */
export class Outgoing {
  buttons(rows: Button[][]): this;
  keyboard(under: Keyboard): this;
  replyTo(message: Named): this;
  silent(): this;
  protect(): this;
  linkPreview(): this;
  /** Rather not at all than twice. */
  atMostOnce(): this;
  send(to: Id): MessageRef;
  sendPhoto(to: Id, photo: FileLike): MessageRef;
  sendDocument(to: Id, document: FileLike): MessageRef;
  edit(message: Named): void;
  editCaption(message: Named): void;
  editPhoto(message: Named, photo: FileLike): void;
  editDocument(message: Named, document: FileLike): void;
}
/** Begins a message. */
export function message(text: TextLike): Outgoing;
/** Begins an answer to a message; it still has to be sent. */
export function reply(to: Named, text: TextLike): Outgoing;
/** Sends 2 to 10 pictures, or files, together. */
export function sendAlbum(
  to: Id,
  items: ({ photo: FileLike; caption?: TextLike } | { document: FileLike; caption?: TextLike })[],
  options?: { replyTo?: Named; atMostOnce?: boolean },
): MessageRef[];
export function sendLocation(to: Id, latitude: number, longitude: number): MessageRef;
export function editButtons(message: Named, rows: Button[][]): void;
export function removeButtons(message: Named): void;
/** Deletes a message. */
export function remove(message: Named): void;
/** Ends the waiting circle on a pressed button. */
export function answer(callback: Callback, text?: string): void;
/** The same, with the text in a window to be closed. */
export function alert(callback: Callback, text: string): void;
export function action(to: Id, what?: 'typing' | 'upload-photo' | 'upload-document' | 'choose-sticker' | 'find-location'): void;
