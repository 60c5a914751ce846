// Greets people and counts how often they wave back.
// @ts-check

import { plugin, text } from 'guesthouse-plugin';
import * as chat from 'guesthouse-plugin/chat';
import { table } from 'guesthouse-plugin/tables';

/** One row for each chat. */
const waves = table('waves', { chat: 'integer', count: 'integer' }, { unique: [['chat']] });

export default plugin({
  describe: () => ({
    name: '{{name}}',
    version: '0.1.0',
    description: 'Greets people and counts how often they wave back.',
    commands: [{ name: 'hello', description: 'Say hello' }],
    tables: [waves],
  }),

  handle(event) {
    if (event.kind === 'command') {
      const { message } = event.value;
      const name = message.sender?.firstName ?? 'stranger';
      chat.message(text('Hello, ').bold(name).plain('!'))
        .buttons([[chat.button.callback('Wave', 'wave')]])
        .send(message.chat.id);
    } else if (event.kind === 'callback') {
      const here = event.value.chat.id;
      const row = waves.first({ chat: here })?.id ?? waves.insert({ chat: here, count: 0 });
      const count = waves.increment(row, 'count');
      chat.message(`Waves so far: ${count}`).send(here);
    }
  },
});
