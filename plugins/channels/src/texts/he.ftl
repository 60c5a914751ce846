# מה שהבוט אומר בעברית.

## Commands
command-channels = מה הבוט עושה עם ערוצים
command-add = לקרוא ערוץ: /add @name
command-list = הערוצים שלכם
command-remove = להפסיק לקרוא ערוץ
command-pause = להשהות ערוץ או להמשיך
command-rules = מה אתם רוצים מהערוצים
command-why = למה פוסט הגיע או לא הגיע
command-parse = לקרוא את כל הערוצים עכשיו
command-stats = מה נקרא עד כה
help =
    אני קורא בשבילכם ערוצים בטלגרם ומעביר את מה שאתם רוצים מהם.

    • שלחו ‎@name, קישור כמו t.me/name, או העבירו פוסט: אקרא את הערוץ הזה.
    • ‎/list מציג את הערוצים שלכם, ‎/pause ו־‎/remove מפסיקים.
    • ‎/rules – מה אתם רוצים: מילים, שפות, תמונות, מחירים, שעות שקט, תקצירים.
    • ‎/why מסביר למה פוסט הגיע או לא הגיע.
    • ‎/parse קורא הכול עכשיו, ‎/stats סופר.

    הוסיפו אותי לקבוצה וכתבו בה ‎/add כדי שאקרא גם אותה.
in-private = בואו נדבר על זה בפרטי.

## Adding
add-how = איזה ערוץ? שלחו ‎/add @name, קישור כמו t.me/name, או העבירו פוסט ממנו.
add-no-name = „{ $written }” אינו שם של ערוץ. שם נראה כך: ‎@durov או t.me/durov.
add-private = את „{ $written }” יכולים לקרוא רק חברים. הוסיפו אותי אליו (לערוץ – כמנהל) ואז העבירו לי פוסט ממנו.
forward-no-channel = אני לא רואה מאיזה ערוץ זה הועבר. מה אני יודע לעשות: ‎/channels
adding = ⏳ { $channel }: אני קורא אותו עכשיו…
added =
    ✅ { $channel }
    { $posts ->
        [one] נקרא פוסט אחד עד כה. אעביר את מה שיגיע מעכשיו.
        [two] נקראו שני פוסטים עד כה. אעביר את מה שיגיע מעכשיו.
       *[other] נקראו { $posts } פוסטים עד כה. אעביר את מה שיגיע מעכשיו.
    }
followers =
    { $count ->
        [one] מנוי אחד
        [two] שני מנויים
       *[other] { $count } מנויים
    }
last-post = הפוסט האחרון:
already = אתם כבר קוראים את { $channel }.
resumed = ▶️ { $channel }: ממשיך.
paused = ⏸ { $channel }: בהשהיה. מה שיפורסם בינתיים יידלג.
removed = 🗑 { $channel } הוסר.
too-many =
    { $count ->
        [one] אפשר לקרוא ערוץ אחד. הסירו אותו קודם: ‎/remove
        [two] אפשר לקרוא שני ערוצים. הסירו אחד קודם: ‎/remove
       *[other] אפשר לקרוא { $count } ערוצים. הסירו אחד קודם: ‎/remove
    }
not-subscribed = אינכם קוראים את „{ $written }”. הערוצים שלכם: ‎/list

## How a channel stands
state-fine = ✅ אפשר שוב לקרוא את { $channel }.
state-no-preview = ⚠️ { $channel } אינו מציג תצוגה מקדימה ברשת, ולכן איני יכול לקרוא אותו מבחוץ. אם יוסיפו אותי אליו כמנהל, אוכל.
state-group = ⚠️ { $channel } היא קבוצה. הוסיפו אותי אליה וכתבו בה ‎/add.
state-bot = ⚠️ { $channel } הוא בוט ולא ערוץ.
state-nobody = ⚠️ { $channel }: אין ערוץ ציבורי בשם הזה.
state-changed = ⚠️ { $channel }: טלגרם שינתה את הדפים שלה ואיני מבין אותם עוד. מי שמפעילים אותי כבר יודעים.
state-too-large = ⚠️ { $channel }: הדף גדול מדי בשבילי. אמשיך לנסות.
state-unreachable = ⚠️ אי אפשר לקרוא את { $channel } כרגע. אמשיך לנסות.
state-not-allowed = ⚠️ { $channel }: אסור לי לקרוא את הכתובת הזאת. מי שמפעילים אותי כבר יודעים.
alarm-changed =
    🚨 דף התצוגה המקדימה של { $channel } השתנה: { $reason }.

    מדפים כאלה לא נקראים פוסטים עד שהתוסף יכיר אותם. כנראה גם ערוצים אחרים נפגעו: ‎/stats
alarm-not-allowed =
    🚨 אסור לטעון את דף התצוגה המקדימה של { $channel }: { $reason }.

    התוסף צריך את הכתובת בהרשאה "http".

## The list
list-empty = אינכם קוראים עדיין שום ערוץ. שלחו ‎@name, קישור, או העבירו פוסט.
list =
    { $count ->
        [one] אתם קוראים ערוץ אחד:
        [two] אתם קוראים שני ערוצים:
       *[other] אתם קוראים { $count } ערוצים:
    }
channel-counts = פוסטים: { $posts } · הועברו: { $sent } · סוננו: { $left }
remove-ask = להפסיק לקרוא את { $channel }?
gone = זה כבר לא קיים.

## Posts
digest =
    { $count ->
        [one] 📰 פוסט חדש אחד
        [two] 📰 שני פוסטים חדשים
       *[other] 📰 { $count } פוסטים חדשים
    }

## Rules
rules-of = כללים עבור { $channel }
rules-of-all = כללים לכל הערוצים
rules-none = עדיין אין: הכול מועבר.
rules-how = שלחו את הכללים בהודעה אחת, כלל בכל שורה; מקף בודד (-) מוחק אותם. תראו מה הם עושים לפני השמירה. כל מה שיש:
rules-text-only = שלחו את הכללים כטקסט, בבקשה.
rules-saved = נשמר.
trial =
    { $count ->
        [one] מהפוסט האחרון היו מועברים { $taken }:
       *[other] מתוך { $count } הפוסטים האחרונים היו מועברים { $taken }:
    }
trial-none = אין עדיין פוסט לנסות עליו.
wrong-line = ❌ שורה { $line }:
wrong-key = אין כלל שמתחיל ב„{ $piece }”.
wrong-empty = משהו חסר.
wrong-regex = „{ $piece }” אינו ביטוי רגולרי.
wrong-heavy = „{ $piece }” ארוך או מסובך מדי.
wrong-language = איני מכיר את השפה „{ $piece }”.
wrong-media = איני מכיר „{ $piece }”. יש text, photo, video, gif, round, voice, audio, document, sticker, poll, location, contact, game, invoice, story ו־unsupported.
wrong-range = „{ $piece }” אינו מספר ואינו טווח.
wrong-field = אי אפשר לקחת „{ $piece }”.
wrong-place = „{ $piece }” אינו יכול לעמוד בתבנית.
wrong-arrow = חסר חץ (->) ב„{ $piece }”.
wrong-time = „{ $piece }” אינו זמן.
wrong-choice = „{ $piece }” אינו ‎no ואינו ‎only.
wrong-twice = „{ $piece }” מופיע פעמיים.
wrong-much = זה יותר ממה שאני יכול לקרוא.
wrong-example = נכון יהיה: { $example }
knob-when = 🕘 מתי
knob-quiet = 🌙 שעות שקט
knob-media = 🖼 מדיה
knob-language = 🌐 שפות

## Why
why-how = שלחו ‎/why עם קישור לפוסט, למשל ‎/why https://t.me/name/123 – או ‎/why לבד כדי לראות מה סונן.
why-not-seen = לא קראתי את הפוסט הזה בשבילכם.
why-none = שום דבר לא סונן.
why-left = סוננו לאחרונה:
why-old = הוא ישן מהמינוי שלכם.
why-status-left = הוא סונן.
why-due = הוא יועבר ב־{ $time }.
why-sent = הוא הועבר ב־{ $time }.
why-kept = הוא רק נשמר.
why-no-rules = אין כלל שאומר עליו משהו.
why-service = הודעה של טלגרם עצמה
why-for-all = (לכל הערוצים)
why-found = נמצא: { $found }

## Reading
parse-none = אינכם קוראים שום ערוץ מבחוץ. פוסטים מצ׳אטים שבהם אני נמצא מגיעים מעצמם.
parsing =
    { $count ->
        [one] ⏳ קורא ערוץ אחד…
        [two] ⏳ קורא שני ערוצים…
       *[other] ⏳ קורא { $count } ערוצים…
    }
run-done = ערוצים שנקראו: { $channels }, פוסטים חדשים: { $posts }.
run-failed = לא ניתן היה לקרוא: { $count }. עוד: ‎/list
run-slow = עוד לא ענו: { $count }.

## Statistics
stats-yours = שלכם
stats-all = כל המשתמשים
stats-channels = ערוצים: { $count }
stats-posts = פוסטים: { $count }
stats-day = ב־24 השעות האחרונות: { $count }
stats-sent = הועברו: { $count }
stats-left = סוננו: { $count }
stats-due = ממתינים: { $count }
stats-users = משתמשים: { $count }
stats-trouble = ערוצים בקשיים: { $count }
stats-pages = דפים מקושרים: { $count }

## Buttons
button-why = ❓ למה
button-rules = ⚙️ כללים
button-rules-all = ⚙️ כללים לכולם
button-remove = 🗑 הסרה
button-pause = ⏸ השהיה
button-resume = ▶️ המשך
button-list = « רשימה
button-previous = « חזרה
button-next = עוד »
button-yes = כן
button-no = לא
button-back = « חזרה
button-write = ✏️ כתיבה
button-save = 💾 שמירה
button-cancel = ביטול
button-none = אף אחד מאלה
button-private = לשיחה פרטית
button-outdated = הכפתור הזה מזמן אחר.
