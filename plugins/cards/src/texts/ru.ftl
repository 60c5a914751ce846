# Что бот говорит по-русски. Каждое сообщение есть на всех языках, с теми же местами.

## Команды
command-start = Начать
command-verify = Проверить карту по коду
command-help = Как это работает
command-admin = Управление картами
command-cancel = Прервать начатое

## Для всех
start =
    Здравствуйте! Я { $bot } и проверяю карты.

    Отсканируйте QR-код на этикетке, пришлите мне его фото или напишите код, который стоит под ним. Я покажу, как должна выглядеть карта и сколько раз её уже проверяли.
start-admin = Вы администратор этого бота: меню открывает /admin.
help =
    Как проверить карту:
    • отсканируйте QR-код на этикетке камерой телефона,
    • или пришлите мне фото QR-кода,
    • или пришлите код, который стоит под ним, например K7QF-9M2X-4TRA-88BC-PD3N. Дефисы и регистр не важны.

    Сравните фото с тем, что у вас в руках. Новую карту не должны были проверять много раз.
help-admin =
    Для администраторов:
    /admin – добавить карты, изменить их, следить за ними
    /cancel – прервать добавление или изменение
hint = Чтобы проверить карту, пришлите её код или фото QR-кода. Подробнее: /help
verify-how = Пришлите код вместе с командой, например /verify K7QF-9M2X-4TRA-88BC-PD3N, – или просто код, или фото QR-кода.

## Ответ на проверку
card-genuine = ✅ { $name }
as-said = { $text }
first-check = Это первая проверка этой карты.
checked =
    { $count ->
        [one] Проверена { $count } раз
        [few] Проверена { $count } раза
       *[many] Проверена { $count } раз
    }, впервые { $first }.
picture-card = Карта
picture-packaged = В упаковке
code-unknown =
    ❌ Карты с кодом { $code } нет.

    Сравните код с этикеткой. Если он тот же, карта не наша.
code-malformed =
    ⚠️ Это неполный код: какого-то знака не хватает или он неверный.

    В коде 20 знаков. Сравните его с этикеткой.
code-deactivated = ⛔ Карта с этим кодом больше не действует. Обратитесь к продавцу.
code-of-other-bot = ❌ Эта ссылка ведёт к другому боту, { $bot }. К нашим картам она не относится.
more-codes =
    { $count ->
        [one] Я посмотрел первый { $count } код
        [few] Я посмотрел первые { $count } кода
       *[other] Я посмотрел первые { $count } кодов
    }. Остальные пришлите другим сообщением.
code-foreign = ❌ Этот QR-код не относится к нашим картам.
no-code-seen = Я не вижу на этом снимке QR-кода. Снимите его ближе, прямо спереди и при хорошем свете – или напишите код, который стоит под ним.
picture-too-large = Этот снимок для меня слишком большой. Пришлите его как фото, а не как файл.
picture-gone = Telegram не смог передать мне этот снимок. Пришлите его ещё раз.
picture-unreadable = Я не могу прочитать этот снимок. Пришлите его как фото или в формате JPEG, PNG или WebP.
document-refused = Этот файл не картинка. Пришлите фото QR-кода.

## Ожидание
wait = ⏳ Слишком много неверных кодов. Попробуйте снова через { $time }.
slow-down = ⏳ Неверных кодов слишком много. Следующий я посмотрю через { $time }.
seconds =
    { $count ->
        [one] { $count } секунду
        [few] { $count } секунды
       *[many] { $count } секунд
    }
minutes =
    { $count ->
        [one] { $count } минуту
        [few] { $count } минуты
       *[many] { $count } минут
    }
hours =
    { $count ->
        [one] { $count } час
        [few] { $count } часа
       *[many] { $count } часов
    }
alert-guessing =
    ⚠️ Кто-то подбирает коды: { $who } (id { $id }) прислал больше { $count ->
        [one] { $count } неверного кода
        [few] { $count } неверных кодов
       *[many] { $count } неверных кодов
    } за { $minutes ->
        [one] { $minutes } минуту
        [few] { $minutes } минуты
       *[many] { $minutes } минут
    } и теперь должен подождать.
alert-copied =
    ⚠️ Скопированная этикетка? Карту { $name } { $count ->
        [one] проверил { $count } человек.
        [few] проверили { $count } разных человека.
       *[many] проверили { $count } разных человек.
    }

## Администраторы
admins-only = Это только для администраторов бота.
admin-in-private = Давайте сделаем это в личном чате.
menu = Карты
button-private = Открыть личный чат
button-add = ➕ Добавить карту
button-list = 📇 Мои карты
button-stats = 📊 Статистика
button-menu = « Меню
button-back = « Назад
button-open = Открыть карту
button-share = Поделиться
button-previous = ‹ Назад
button-next = Дальше ›
button-retired = Отключённые карты ({ $count })
button-active = Действующие карты ({ $count })
button-retired-list = « Отключённые карты
button-pictures = Фото
button-qr = QR-код
button-qr-file = QR-код для печати
button-edit = Изменить
button-log = Проверки
button-deactivate = Отключить
button-reactivate = Включить
button-edit-name = Название
button-edit-description = Описание
button-edit-photo = Фото
button-edit-packaged = Фото в упаковке
button-skip = Пропустить
button-remove = Убрать
button-cancel = Отмена
button-outdated = Эта кнопка устарела. Меню открывает /admin.

## Добавление
ask-photo = Пришлите фото карты.
ask-name =
    Пришлите название карты, до { $name ->
        [one] { $name } знака
        [few] { $name } знаков
       *[many] { $name } знаков
    }.
ask-description =
    Пришлите описание, до { $description ->
        [one] { $description } знака
        [few] { $description } знаков
       *[many] { $description } знаков
    }, или пропустите его.
ask-packaged = Пришлите фото карты в упаковке или пропустите его.
not-a-photo = Здесь нужно фото.
not-a-picture-file = Этот файл не картинка. Я принимаю JPEG, PNG, WebP и HEIC.
not-a-name = Здесь нужно название текстом.
not-a-description = Здесь нужно описание текстом.
no-such-command = Я не знаю такой команды. /cancel прерывает.
name-too-long =
    В этом названии { $count ->
        [one] { $count } знак
        [few] { $count } знака
       *[many] { $count } знаков
    }; можно до { $limit }.
description-too-long =
    В этом описании { $count ->
        [one] { $count } знак
        [few] { $count } знака
       *[many] { $count } знаков
    }; можно до { $limit }.
caption-too-long =
    В подписи { $count ->
        [one] { $count } знак
        [few] { $count } знака
       *[many] { $count } знаков
    }; в названии можно до { $limit }.
name-from-caption = Подпись стала названием: { $name }
two-photos = Оба фото приняты: второе показывает карту в упаковке.
first-two-photos = Приняты первые два фото: больше у карты нет. Второе показывает её в упаковке.
edit-not-counted = Изменение сообщения не учитывается. Пришлите то, что нужно, новым сообщением.
draft-open = Начатое ещё не закончено.
draft-dropped = Начатое отброшено.
draft-over = Прошёл час, и начатое отброшено. /admin начинает заново.
cancelled = Отменено.
nothing-to-cancel = Отменять нечего.
summary = ✅ Карта { $name } добавлена.
summary-packaged = С фото в упаковке.
summary-unpackaged = Без фото в упаковке.
code-and-link =
    Код: { $code }
    { $link }

## Карта
card-gone = Этой карты больше нет.
card-inactive = ⛔ Отключена: проверить её нельзя.
card-unchecked = Ещё не проверялась.
card-checked =
    { $count ->
        [one] Проверена { $count } раз
        [few] Проверена { $count } раза
       *[many] Проверена { $count } раз
    }, { $users ->
        [one] проверил { $users } человек
        [few] проверили { $users } человека
       *[many] проверили { $users } человек
    }, впервые { $first }.
card-created = Добавлена { $time }, добавил { $who }.
ask-deactivate = Отключить карту { $name }? При проверке будет видно только, что она больше не действует.
ask-reactivate = Включить карту { $name }? Её снова можно будет проверить.
deactivated = Отключена.
reactivated = Включена.
edit = Что изменить в карте { $name }?
edit-name = { $name }: пришлите новое название, до { $limit } знаков.
edit-description = { $name }: пришлите новое описание, до { $limit } знаков.
edit-photo = { $name }: пришлите новое фото.
edit-packaged = { $name }: пришлите новое фото в упаковке.
saved = Сохранено.
share =
    Проверьте карту «{ $name }»:
    { $link }

## Списки
list-active =
    { $count ->
        [0] Действующих карт пока нет.
        [one] { $count } действующая карта
        [few] { $count } действующие карты
       *[many] { $count } действующих карт
    }
list-retired =
    { $count ->
        [0] Отключённых карт нет.
        [one] { $count } отключённая карта
        [few] { $count } отключённые карты
       *[many] { $count } отключённых карт
    }
page = Страница { $page } из { $pages }
log =
    { $name }: { $count ->
        [0] ещё не проверялась.
        [one] { $count } проверка
        [few] { $count } проверки
       *[many] { $count } проверок
    }
log-entry =
    { $time }
    { $who } · { $id }

## Статистика
stats-cards = Карт: { $count }
stats-active = Действующих: { $count }
stats-checks = Проверок: { $count }
stats-today = Проверок сегодня: { $count }
stats-week = Проверок за последние 7 дней: { $count }
stats-top = Чаще всего проверяли
stats-place =
    { $place }. { $name } – { $count ->
        [one] { $count } проверка
        [few] { $count } проверки
       *[many] { $count } проверок
    }
stats-days = День начинается в 00:00 UTC; в 7 дней входит и сегодняшний.
