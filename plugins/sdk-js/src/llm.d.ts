import type { MessageRef } from './chat.js';

export interface Answer {
  text: string;
  finish: 'stop' | 'length' | 'filtered' | 'other';
  inputTokens: number;
  outputTokens: number;
  /** The message in which it was shown while it came in, if it was. */
  shown?: MessageRef;
  json(): any;
}
/** Asks the model. `system` are the plugin's instructions; with `schema`, the answer is JSON that follows it. */
export function complete(prompt: {
  system?: string;
  messages: { role?: 'system' | 'user' | 'assistant'; text: string; images?: { mimeType: string; data: Uint8Array }[] }[];
  schema?: object | string;
  maxTokens?: number;
  temperature?: number;
  show?: boolean;
}): Answer;
