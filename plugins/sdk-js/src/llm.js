// A language model of the operator's choice.

import * as raw from 'guesthouse:plugin/llm@0.1.0';

import { ask, received } from './values.js';

/** Asks the model. `messages` are `{ role, text, images }`; `system` is what stands before them. */
export function complete({ system, messages, schema, maxTokens, temperature, show = false }) {
  const said = [...(system === undefined ? [] : [{ role: 'system', text: system }]), ...messages];
  const prompt = {
    messages: said.map(({ role = 'user', text, images = [] }) => ({
      role,
      parts: [
        { tag: 'text', val: text },
        ...images.map(({ mimeType, data }) => ({ tag: 'image', val: { mimeType, data } })),
      ],
    })),
    schema: schema === undefined || typeof schema === 'string' ? schema : JSON.stringify(schema),
    maxTokens,
    temperature,
    show,
  };
  const { text, finish, inputTokens, outputTokens, shown } = ask('llm', () => raw.complete(prompt));
  const where = received(shown);
  return {
    text,
    finish,
    inputTokens,
    outputTokens,
    shown: where === undefined ? undefined : where.kind === 'sent' ? { sent: where.value } : where.value,
    json: () => JSON.parse(text),
  };
}
