// Writing to people. Everything here is sent after the turn has committed, in the order asked for within each chat.

import * as raw from 'guesthouse:plugin/chat@0.1.0';

import { Text } from './text.js';
import { ask, received, variant, whole } from './values.js';

export { Text, text } from './text.js';

const call = (make) => ask('chat', make);

/** A reference as the contract has it, of a message, a callback, or what `send` returned. */
function reference(of) {
  if (of?.sent !== undefined) return variant('sent', whole(of.sent));
  const chat = of?.chat?.id ?? of?.chat;
  const id = of?.messageId ?? of?.id;
  if (chat === undefined || id === undefined) throw new TypeError('that is no message: pass one, a callback, or what `send` returned');
  return variant('received', { chat: whole(chat), id: whole(id) });
}

/** A reference that JSON and tables can keep. */
export function kept(ref) {
  const { kind, value } = received(ref);
  return kind === 'sent' ? { sent: value } : value;
}

/** Buttons under a message. */
export const button = {
  /** Calls the plugin with a value, which `pressed(callback)` gives back; at most 4 KiB as JSON. */
  call: (label, value, { onlyFor } = {}) => button.callback(label, JSON.stringify(value), { onlyFor }),
  /** Calls the plugin with a text. */
  callback: (label, data, { onlyFor } = {}) => ({ label, action: variant('callback', data), onlyFor }),
  /** Opens an address. */
  url: (label, url) => ({ label, action: variant('url', url) }),
  /** Lets the user choose a chat and send this text there. */
  share: (label, text) => ({ label, action: variant('share', text) }),
  /** Puts this text into the clipboard. */
  copy: (label, text) => ({ label, action: variant('copy', text) }),
};

/** Keys instead of the user's own keyboard. */
export const key = {
  text: (label) => ({ label, requestContact: false, requestLocation: false }),
  contact: (label) => ({ label, requestContact: true, requestLocation: false }),
  location: (label) => ({ label, requestContact: false, requestLocation: true }),
};

const inline = (rows) => rows.map((row) => row.map((it) => ({ ...it, onlyFor: it.onlyFor === undefined ? undefined : whole(it.onlyFor) })));

/** What hangs under a message. */
export const keyboard = {
  buttons: (rows) => variant('inline', inline(rows)),
  keys: (rows, { oneTime = false, placeholder } = {}) => variant('reply', { rows, oneTime, placeholder }),
  remove: { tag: 'remove' },
  forceReply: { tag: 'force-reply' },
};

/** A file to send: an id that Telegram gave, or bytes under a name. */
export const upload = (name, bytes) => variant('upload', { name, bytes });
const media = (of) => (of?.tag ? of : variant('file-id', typeof of === 'string' ? of : (of.file?.id ?? of.id)));

/** A message to be sent or put in the place of another one. */
export class Outgoing {
  #message;

  constructor(text) {
    this.#message = {
      text: Text.from(text).toHost(), keyboard: undefined, replyTo: undefined,
      silent: false, protect: false, linkPreview: false, atMostOnce: false,
    };
  }

  #with(key, value) { this.#message[key] = value; return this; }

  buttons(rows) { return this.keyboard(keyboard.buttons(rows)); }
  keyboard(under) { return this.#with('keyboard', under); }
  replyTo(message) { return this.#with('replyTo', reference(message)); }
  silent() { return this.#with('silent', true); }
  protect() { return this.#with('protect', true); }
  linkPreview() { return this.#with('linkPreview', true); }
  atMostOnce() { return this.#with('atMostOnce', true); }

  /** Sends it to a chat, given by its id. */
  send(to) { return kept(call(() => raw.sendText(whole(to), this.#message))); }
  sendPhoto(to, photo) { return this.#file(to, 'photo', photo); }
  sendDocument(to, document) { return this.#file(to, 'document', document); }
  #file(to, kind, file) { return kept(call(() => raw.sendMedia(whole(to), kind, media(file), this.#message))); }

  /** Puts its text and its buttons in the place of a message's. */
  edit(message) { call(() => raw.editText(reference(message), this.#message.text, this.#message.keyboard)); }
  editCaption(message) { call(() => raw.editCaption(reference(message), this.#message.text, this.#message.keyboard)); }
  editPhoto(message, photo) { this.#replace(message, 'photo', photo); }
  editDocument(message, document) { this.#replace(message, 'document', document); }
  #replace(message, kind, file) {
    call(() => raw.editMedia(reference(message), kind, media(file), this.#message.text, this.#message.keyboard));
  }
}

/** Begins a message. */
export const message = (text) => new Outgoing(text);

/** Begins an answer to a message; it still has to be sent. */
export const reply = (to, text) => message(text).replyTo(to);

/** Sends 2 to 10 pictures, or files, together: `{ photo | document, caption }` each. */
export function sendAlbum(to, items, { replyTo, atMostOnce = false } = {}) {
  const all = items.map(({ photo, document, caption = '' }) => ({
    kind: photo === undefined ? 'document' : 'photo', media: media(photo ?? document), caption: Text.from(caption).toHost(),
  }));
  const answered = replyTo === undefined ? undefined : reference(replyTo);
  return call(() => raw.sendAlbum(whole(to), all, answered, atMostOnce)).map(kept);
}

export const sendLocation = (to, latitude, longitude) => kept(call(() => raw.sendLocation(whole(to), latitude, longitude)));
export const editButtons = (message, rows) => call(() => raw.editKeyboard(reference(message), keyboard.buttons(rows)));
export const removeButtons = (message) => call(() => raw.editKeyboard(reference(message), undefined));
export const remove = (message) => call(() => raw['delete'](reference(message)));

/** Ends the waiting circle on a pressed button, with a short text if given. The host does so by itself otherwise. */
export const answer = (callback, text) => call(() => raw.answerCallback(callback.id, text, false));
/** The same, with the text in a window to be closed. */
export const alert = (callback, text) => call(() => raw.answerCallback(callback.id, text, true));
/** Shows what the bot is doing. */
export const action = (to, what = 'typing') => call(() => raw.sendAction(whole(to), what));
