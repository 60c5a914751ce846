# Что бот говорит по-русски. Каждое сообщение есть на всех языках, с теми же местами.

## Команды
command-profile = Что я о вас знаю; off или on для этого чата
command-forget = Удалить всё, что я о вас знаю
command-export = Всё, что я о вас знаю, одним файлом

## Согласие
consent =
    Я читаю сообщения: то, что вы здесь рассказываете о себе (имя, город, работа, семья, интересы…), я записываю вместе с вашими словами, а за каждую неделю – настроение и темы. Я показываю это только вам; владельцы бота могут это прочитать.

    /profile – посмотреть, исправить, удалить
    /profile off – больше не читать в этом чате
    /forget – удалить всё
consent-group =
    Я читаю сообщения: то, что люди здесь рассказывают о себе, я записываю вместе с их словами. Каждый видит своё по команде /profile в личном чате со мной, а чужое – никто.

    /profile off – не читать вас здесь
    /profile off all – никого здесь не читать; для владельцев бота, для того, кто его сюда привёл, и для тех, кто пишет от имени группы
switch-how = В этом чате: /profile off – больше вас не читаю, /profile on – снова читаю. В группе ещё /profile off all и /profile on all.
on-private = Снова читаю сообщения в этом чате.
off-private = Больше не читаю сообщения в этом чате. То, что я уже знаю, остаётся, пока вы не скажете /forget.
on-group = Снова читаю ваши сообщения в этой группе.
off-group = Больше не читаю ваши сообщения в этой группе.
on-all = Снова читаю сообщения в этой группе – кроме тех, кто этого не хочет.
off-all = Больше никого не читаю в этой группе.
all-not-allowed = Это могут владельцы бота, тот, кто его сюда привёл, и те, кто пишет от имени группы. Только для себя: /profile off
button-private = Открыть личный чат
only-private = Это останется между нами.

## Профиль
profile-title = Что я о вас знаю
profile-empty = Пока ничего.
profile-foot = Нажмите на строку, чтобы увидеть, откуда она, исправить или удалить её.
page = Страница { $page } из { $pages }
fact = { $field }: { $value }
source = «{ $quote }», { $day }
source-link = сообщение
source-corrected = как вы исправили
fact-times =
    { $count ->
        [one] Сказано { $count } раз, впервые { $day }.
        [few] Сказано { $count } раза, впервые { $day }.
       *[many] Сказано { $count } раз, впервые { $day }.
    }
fact-sure = Уверенность: { $percent } %.
fact-before = Раньше: { $value }, до { $day }
fact-gone = Этого я больше не знаю.
fact-deleted = Удалено.
button-previous = ‹ Назад
button-next = Дальше ›
button-correct = ✏️ Исправить
button-delete = 🗑 Удалить
button-back = « Назад
button-cancel = Отмена
button-export = 📄 Файлом
button-forget = 🗑 Забыть всё
button-outdated = Эта кнопка устарела. Новая – по команде /profile.
correct-ask = { $field }: пришлите верное значение, например: { $example }
correct-again = Не могу прочитать это как «{ $field }». Например: { $example }
corrected = Исправлено.
cancelled = Отменено.
heard = Услышал: { $facts }. Всё, что я о вас знаю, показывает /profile.
unheard = На это у меня нет ответа. Что я о вас знаю, показывает /profile.
forget-ask = Удалить всё, что я о вас знаю, во всех чатах? Вернуть это будет нельзя. /export сначала даст вам копию.
button-forget-now = 🗑 Удалить всё
forgotten =
    Всё удалено. Ещё десять минут я помню только то, что должен вас забыть, потом уйдёт и это.

    Со следующего сообщения я начал бы заново. /profile off меня остановит.

## Неделя
week-title = На этой неделе
week = Сообщений: { $count }, настроение: { $mood }
week-topics = Темы: { $topics }
week-questions = Открытые вопросы:
mood-good = хорошее
mood-bad = плохое
mood-mixed = разное
mood-neutral = ровное

## Поля
field-name = Имя
field-age = Возраст
field-birthday = День рождения
field-city = Город
field-timezone = Часовой пояс
field-occupation = Занятие
field-language = Язык
field-family = Семья
field-interest = Интерес
field-phone = Телефон
field-email = Почта
field-link = Ссылка
example-name = Анна
example-age = 34
example-birthday = 12.05.1990
example-city = Казань
example-timezone = UTC+3
example-occupation = учитель
example-language = французский
example-family = daughter: Эмма (или: wife, children: 2, married)
example-interest = шахматы
example-phone = +7 916 123-45-67
example-email = anna@example.com
example-link = https://example.com
family-wife = жена
family-husband = муж
family-girlfriend = девушка
family-boyfriend = парень
family-partner = партнёр
family-fiancee = невеста
family-fiance = жених
family-son = сын
family-daughter = дочь
family-children = дети
family-sons = сыновья
family-daughters = дочери
family-brother = брат
family-sister = сестра
family-brothers = братья
family-sisters = сёстры
family-grandson = внук
family-granddaughter = внучка
family-married = в браке
family-single = не в браке
family-divorced = в разводе
family-widowed = вдова или вдовец
family-engaged = помолвка
