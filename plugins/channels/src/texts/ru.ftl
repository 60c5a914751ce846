# Что бот говорит по-русски.

## Commands
command-channels = Что бот делает с каналами
command-add = Читать канал: /add @имя
command-list = Ваши каналы
command-remove = Перестать читать канал
command-pause = Приостановить канал или продолжить
command-rules = Что вам нужно из каналов
command-why = Почему пост пришёл или не пришёл
command-parse = Прочитать все каналы сейчас
command-stats = Что уже прочитано
help =
    Я читаю для вас каналы Telegram и передаю то, что вам нужно.

    • Пришлите @имя, ссылку вида t.me/name или перешлите пост: я буду читать этот канал.
    • /list показывает ваши каналы, /pause и /remove прекращают чтение.
    • /rules – что вам нужно: слова, языки, картинки, цены, тихие часы, дайджесты.
    • /why объясняет, почему пост пришёл или не пришёл.
    • /parse читает всё сейчас, /stats считает.

    Добавьте меня в группу и напишите там /add, чтобы я читал и её.
in-private = Давайте обсудим это наедине.

## Adding
add-how = Какой канал? Пришлите /add @имя, ссылку вида t.me/name или перешлите пост из него.
add-no-name = «{ $written }» – не имя канала. Имя выглядит так: @durov или t.me/durov.
add-private = «{ $written }» могут читать только участники. Добавьте меня туда (в канал – администратором) и перешлите мне пост оттуда.
forward-no-channel = Не вижу, из какого канала это переслано. Что я умею: /channels
adding = ⏳ { $channel }: читаю…
added =
    ✅ { $channel }
    { $posts ->
        [one] Прочитан { $posts } пост. Буду передавать то, что появится с этого момента.
        [few] Прочитано { $posts } поста. Буду передавать то, что появится с этого момента.
       *[many] Прочитано { $posts } постов. Буду передавать то, что появится с этого момента.
    }
followers =
    { $count ->
        [one] { $count } подписчик
        [few] { $count } подписчика
       *[many] { $count } подписчиков
    }
last-post = Последний пост:
already = Вы уже читаете { $channel }.
resumed = ▶️ { $channel }: продолжаю.
paused = ⏸ { $channel }: пауза. То, что выйдет за это время, будет пропущено.
removed = 🗑 { $channel }: больше не читаю.
too-many =
    { $count ->
        [one] Можно читать { $count } канал. Сначала удалите его: /remove
        [few] Можно читать { $count } канала. Сначала удалите один: /remove
       *[many] Можно читать { $count } каналов. Сначала удалите один: /remove
    }
not-subscribed = Вы не читаете «{ $written }». Ваши каналы: /list

## How a channel stands
state-fine = ✅ { $channel } снова читается.
state-no-preview = ⚠️ { $channel } не показывает предпросмотр в вебе, снаружи его не прочитать. Если добавить меня туда администратором, смогу.
state-group = ⚠️ { $channel } – группа. Добавьте меня туда и напишите там /add.
state-bot = ⚠️ { $channel } – бот, а не канал.
state-nobody = ⚠️ { $channel }: открытого канала с таким именем нет.
state-changed = ⚠️ { $channel }: Telegram изменил свои страницы, и я их больше не понимаю. Те, кто мной управляет, уже знают.
state-too-large = ⚠️ { $channel }: страница слишком велика для меня. Буду пробовать дальше.
state-unreachable = ⚠️ { $channel } сейчас не читается. Буду пробовать дальше.
state-not-allowed = ⚠️ { $channel }: мне нельзя читать этот адрес. Те, кто мной управляет, уже знают.
alarm-changed =
    🚨 Страница предпросмотра { $channel } изменилась: { $reason }.

    С таких страниц посты не читаются, пока плагин их не знает. Вероятно, затронуты и другие каналы: /stats
alarm-not-allowed =
    🚨 Страницу предпросмотра { $channel } нельзя загрузить: { $reason }.

    Плагину нужен её адрес в разрешении "http".

## The list
list-empty = Вы пока не читаете ни одного канала. Пришлите @имя, ссылку или перешлите пост.
list =
    { $count ->
        [one] Вы читаете { $count } канал:
        [few] Вы читаете { $count } канала:
       *[many] Вы читаете { $count } каналов:
    }
channel-counts = Постов: { $posts } · передано: { $sent } · отсеяно: { $left }
remove-ask = Перестать читать { $channel }?
gone = Этого больше нет.

## Posts
digest =
    { $count ->
        [one] 📰 { $count } новый пост
        [few] 📰 { $count } новых поста
       *[many] 📰 { $count } новых постов
    }

## Rules
rules-of = Правила для { $channel }
rules-of-all = Правила для всех каналов
rules-none = Пока нет: передаётся всё.
rules-how = Пришлите правила одним сообщением, по одному в строке; одиночный дефис (-) стирает их. До сохранения вы увидите, что они сделают. Всё, что есть:
rules-text-only = Пришлите, пожалуйста, правила текстом.
rules-saved = Сохранено.
trial =
    { $count ->
        [one] Из последнего поста будет передано { $taken }:
       *[other] Из последних постов ({ $count }) будет передано { $taken }:
    }
trial-none = Постов для проверки ещё нет.
wrong-line = ❌ Строка { $line }:
wrong-key = ни одно правило не начинается с «{ $piece }».
wrong-empty = чего-то не хватает.
wrong-regex = «{ $piece }» – не регулярное выражение.
wrong-heavy = «{ $piece }» слишком длинное или сложное.
wrong-language = языка «{ $piece }» я не знаю.
wrong-media = «{ $piece }» я не знаю. Есть text, photo, video, gif, round, voice, audio, document, sticker, poll, location, contact, game, invoice, story и unsupported.
wrong-range = «{ $piece }» – не число и не диапазон.
wrong-field = «{ $piece }» нельзя взять.
wrong-place = «{ $piece }» не может стоять в шаблоне.
wrong-arrow = в «{ $piece }» не хватает стрелки (->).
wrong-time = «{ $piece }» – не время.
wrong-choice = «{ $piece }» – ни «no», ни «only».
wrong-twice = «{ $piece }» стоит дважды.
wrong-much = это больше, чем я могу прочитать.
wrong-example = Правильно так: { $example }
knob-when = 🕘 Когда
knob-quiet = 🌙 Тихие часы
knob-media = 🖼 Медиа
knob-language = 🌐 Языки

## Why
why-how = Пришлите /why со ссылкой на пост, например /why https://t.me/name/123 – или просто /why, чтобы увидеть отсеянное.
why-not-seen = Этот пост я для вас не читал.
why-none = Ничего не отсеяно.
why-left = Отсеяно последним:
why-old = Он старше вашей подписки.
why-status-left = Он отсеян.
why-due = Будет передан { $time }.
why-sent = Передан { $time }.
why-kept = Он только хранится.
why-no-rules = Ни одно правило о нём ничего не говорит.
why-service = служебное сообщение Telegram
why-for-all = (для всех каналов)
why-found = найдено: { $found }

## Reading
parse-none = Снаружи вы не читаете ни одного канала. Посты из чатов, где я есть, приходят сами.
parsing =
    { $count ->
        [one] ⏳ Читаю { $count } канал…
        [few] ⏳ Читаю { $count } канала…
       *[many] ⏳ Читаю { $count } каналов…
    }
run-done = Прочитано каналов: { $channels }, новых постов: { $posts }.
run-failed = Не удалось прочитать: { $count }. Подробнее: /list
run-slow = Ещё не ответили: { $count }.

## Statistics
stats-yours = Ваше
stats-all = Все пользователи
stats-channels = Каналов: { $count }
stats-posts = Постов: { $count }
stats-day = за последние 24 часа: { $count }
stats-sent = передано: { $count }
stats-left = отсеяно: { $count }
stats-due = ожидает: { $count }
stats-users = Пользователей: { $count }
stats-trouble = Каналов с трудностями: { $count }
stats-pages = Страниц по ссылкам: { $count }

## Buttons
button-why = ❓ Почему
button-rules = ⚙️ Правила
button-rules-all = ⚙️ Правила для всех
button-remove = 🗑 Удалить
button-pause = ⏸ Пауза
button-resume = ▶️ Продолжить
button-list = « Список
button-previous = « Назад
button-next = Дальше »
button-yes = Да
button-no = Нет
button-back = « Назад
button-write = ✏️ Написать
button-save = 💾 Сохранить
button-cancel = Отмена
button-none = Ничего из этого
button-private = Наедине
button-outdated = Эта кнопка из прежних времён.
