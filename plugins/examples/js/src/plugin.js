// A list of things to do for each chat, with a button to tick each one off and a reminder.
// @ts-check

import { plugin, pressed, text } from 'guesthouse-plugin';
import * as chat from 'guesthouse-plugin/chat';
import * as clock from 'guesthouse-plugin/clock';
import { table } from 'guesthouse-plugin/tables';
import * as timers from 'guesthouse-plugin/timers';

const items = table('items', { chat: 'integer', text: 'text', done: 'boolean' }, { indexes: [['chat']] });

export default plugin({
  describe: () => ({
    name: 'todo',
    version: '0.1.0',
    description: 'Keeps a list of things to do.',
    commands: [
      { name: 'add', description: 'Put something on the list', translations: { ru: 'Добавить в список' } },
      { name: 'todo', description: 'Show the list', translations: { ru: 'Показать список' } },
      { name: 'remind', description: 'Be reminded in so many minutes', translations: { ru: 'Напомнить через минуты' } },
    ],
    tables: [items],
  }),

  handle(event) {
    switch (event.kind) {
      case 'command': return command(event.value);
      case 'callback': return tick(event.value);
      case 'timer': return remind(event.value);
    }
  },
});

/** @param {import('guesthouse-plugin').Command} of */
function command({ name, argument, message }) {
  const here = message.chat.id;
  if (name === 'add') {
    if (argument === '') return void chat.message('Write what: /add Buy milk').send(here);
    items.insert({ chat: here, text: argument, done: false });
  } else if (name === 'remind') {
    const minutes = Number(argument);
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > 10_000) {
      return void chat.message('Write how many minutes: /remind 10').send(here);
    }
    timers.set('reminder', clock.now() + minutes * clock.MINUTE);
    return void chat.message(`I will remind you in ${minutes} min.`).send(here);
  }
  list('To do', here).send(here);
}

/** @param {import('guesthouse-plugin').Callback} callback */
function tick(callback) {
  items.update(pressed(callback).done, { done: true });
  chat.answer(callback, 'Done.');
  list('To do', callback.chat.id).edit(callback);
}

/** @param {import('guesthouse-plugin').TimerFired} timer */
function remind(timer) {
  if (items.count({ chat: timer.chat, done: false }) > 0) list('Still to do', timer.chat).send(timer.chat);
}

/**
 * The open items of a chat, with a button for each.
 * @param {string} title
 * @param {number} here
 */
function list(title, here) {
  const open = items.find({ chat: here, done: false }, { orderBy: 'id', limit: 20 });
  if (open.length === 0) return chat.message('Nothing to do.');
  const lines = text().bold(title);
  open.forEach((item, index) => lines.line(`${index + 1}. ${item.text}`));
  return chat.message(lines).buttons(open.map((item) => [chat.button.call(`✓ ${item.text}`, { done: item.id })]));
}
