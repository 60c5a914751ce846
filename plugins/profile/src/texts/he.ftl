# מה שהבוט אומר בעברית. כל הודעה קיימת בכל השפות, עם אותם מקומות.

## פקודות
command-profile = מה שאני יודע עליכם; off או on לצ'אט הזה
command-forget = מחיקת כל מה שאני יודע עליכם
command-export = כל מה שאני יודע עליכם, כקובץ

## הסכמה
consent =
    אני קורא את ההודעות: מה שאתם מספרים כאן על עצמכם (שם, עיר, עבודה, משפחה, תחומי עניין…) אני רושם יחד עם המילים שלכם, ולכל שבוע את מצב הרוח ואת הנושאים. אני מראה את זה רק לכם; מי שמפעיל את הבוט יכול לקרוא.

    /profile – לראות, לתקן, למחוק
    /profile off – להפסיק לקרוא בצ'אט הזה
    /forget – למחוק הכול
consent-group =
    אני קורא את ההודעות: מה שאנשים מספרים כאן על עצמם אני רושם יחד עם המילים שלהם. כל אחד רואה את שלו עם /profile בצ'אט הפרטי איתי, ואף אחד אינו רואה את של האחרים.

    /profile off – לא לקרוא אתכם כאן
    /profile off all – לא לקרוא כאן אף אחד; למי שמפעיל את הבוט, למי שהביא אותו ולמי שכותב בשם הקבוצה
switch-how = בצ'אט הזה: /profile off – אני מפסיק לקרוא אתכם, /profile on – אני קורא שוב. בקבוצה גם /profile off all ו־/profile on all.
on-private = אני קורא שוב בצ'אט הזה.
off-private = אני לא קורא יותר בצ'אט הזה. מה שאני כבר יודע נשאר עד שתגידו /forget.
on-group = אני קורא שוב את ההודעות שלכם בקבוצה הזו.
off-group = אני לא קורא יותר את ההודעות שלכם בקבוצה הזו.
on-all = אני קורא שוב בקבוצה הזו, חוץ ממי שאינו רוצה.
off-all = אני לא קורא יותר אף אחד בקבוצה הזו.
all-not-allowed = זה למי שמפעיל את הבוט, למי שהביא אותו לכאן ולמי שכותב בשם הקבוצה. רק לעצמכם: /profile off
button-private = פתיחת הצ'אט הפרטי
only-private = זה ביני לביניכם.

## הפרופיל
profile-title = מה שאני יודע עליכם
profile-empty = עדיין כלום.
profile-foot = לחצו על שורה כדי לראות מאין היא, לתקן או למחוק אותה.
page = עמוד { $page } מתוך { $pages }
fact = { $field }: { $value }
source = ״{ $quote }״, { $day }
source-link = הודעה
source-corrected = כפי שתיקנתם
fact-times =
    { $count ->
        [one] נאמר פעם אחת, ב־{ $day }.
        [two] נאמר פעמיים, לראשונה ב־{ $day }.
       *[other] נאמר { $count } פעמים, לראשונה ב־{ $day }.
    }
fact-sure = אני בטוח ב־{ $percent }%.
fact-before = לפני כן: { $value }, עד { $day }
fact-gone = את זה אני כבר לא יודע.
fact-deleted = נמחק.
button-previous = ‹ הקודם
button-next = הבא ›
button-correct = ✏️ תיקון
button-delete = 🗑 מחיקה
button-back = « חזרה
button-cancel = ביטול
button-export = 📄 כקובץ
button-forget = 🗑 לשכוח הכול
button-outdated = הכפתור הזה ישן מדי. ‏/profile מראה חדש.
correct-ask = { $field }: שלחו את הערך הנכון, לדוגמה { $example }
correct-again = אינני מצליח לקרוא את זה כ: { $field }. לדוגמה: { $example }
corrected = תוקן.
cancelled = בוטל.
heard = שמעתי: { $facts }. כל מה שאני יודע עליכם: ‎/profile
unheard = אין לי תשובה על זה. מה אני יודע עליכם: ‎/profile
forget-ask = למחוק את כל מה שאני יודע עליכם, בכל הצ'אטים? אי אפשר להחזיר. ‏/export נותן קודם עותק.
button-forget-now = 🗑 למחוק הכול
forgotten =
    הכול נמחק. עוד עשר דקות אני זוכר רק שעליי לשכוח אתכם, ואז גם זה נמחק.

    מההודעה הבאה הייתי מתחיל מחדש. ‏/profile off עוצר אותי.

## השבוע
week-title = השבוע
week = הודעות: { $count }, מצב רוח: { $mood }
week-topics = נושאים: { $topics }
week-questions = שאלות פתוחות:
mood-good = טוב
mood-bad = רע
mood-mixed = מעורב
mood-neutral = רגיל

## שדות
field-name = שם
field-age = גיל
field-birthday = יום הולדת
field-city = עיר
field-timezone = אזור זמן
field-occupation = עיסוק
field-language = שפה
field-family = משפחה
field-interest = תחום עניין
field-phone = טלפון
field-email = דוא״ל
field-link = קישור
example-name = נועה
example-age = 34
example-birthday = 12.05.1990
example-city = חיפה
example-timezone = UTC+2
example-occupation = מורה
example-language = צרפתית
example-family = daughter: נועה (או: wife,‏ children: 2,‏ married)
example-interest = שחמט
example-phone = 050-123-4567
example-email = noa@example.com
example-link = https://example.com
family-wife = אישה
family-husband = בעל
family-girlfriend = חברה
family-boyfriend = חבר
family-partner = בן או בת זוג
family-fiancee = ארוסה
family-fiance = ארוס
family-son = בן
family-daughter = בת
family-children = ילדים
family-sons = בנים
family-daughters = בנות
family-brother = אח
family-sister = אחות
family-brothers = אחים
family-sisters = אחיות
family-grandson = נכד
family-granddaughter = נכדה
family-married = בזוגיות נשואה
family-single = לא בזוגיות נשואה
family-divorced = אחרי גירושים
family-widowed = אלמן או אלמנה
family-engaged = באירוסים
