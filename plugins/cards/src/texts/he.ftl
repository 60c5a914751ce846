# מה שהבוט אומר בעברית. כל הודעה קיימת בכל השפות, עם אותם מקומות.

## פקודות
command-start = התחלה
command-verify = בדיקת קלף לפי הקוד שלו
command-help = איך זה עובד
command-admin = ניהול הקלפים
command-cancel = עצירת מה שהתחיל

## לכולם
start =
    שלום! אני { $bot }, ואני בודק קלפים.

    סרקו את קוד ה-QR שעל התווית, שלחו לי תמונה שלו, או כתבו את הקוד שמתחתיו. אראה לכם איך הקלף אמור להיראות וכמה פעמים כבר נבדק.
start-admin = אתם מנהלים את הבוט הזה: התפריט נפתח עם /admin.
help =
    איך בודקים קלף:
    • סורקים את קוד ה-QR שעל התווית במצלמת הטלפון,
    • או שולחים לי תמונה של קוד ה-QR,
    • או שולחים את הקוד שמתחתיו. מקפים ואותיות גדולות או קטנות אינם משנים. לדוגמה:
    K7QF-9M2X-4TRA-88BC-PD3N

    השוו את התמונות למה שבידיכם. קלף חדש לא אמור להיבדק פעמים רבות לפני כן.
help-admin =
    למנהלים:
    /admin – הוספת קלפים, שינוי ומעקב
    /cancel – עצירת הוספה או שינוי
hint = כדי לבדוק קלף, שלחו את הקוד שלו או תמונה של קוד ה-QR. עוד: /help
verify-how =
    שלחו את הקוד יחד עם הפקודה, או רק את הקוד, או תמונה של קוד ה-QR. לדוגמה:
    /verify K7QF-9M2X-4TRA-88BC-PD3N

## התשובה לבדיקה
card-genuine = ✅ { $name }
as-said = { $text }
first-check = זו הבדיקה הראשונה של הקלף הזה.
checked =
    { $count ->
        [one] נבדק פעם אחת
        [two] נבדק פעמיים
       *[other] נבדק { $count } פעמים
    }, לראשונה ב־{ $first }.
picture-card = הקלף
picture-packaged = באריזה
code-unknown =
    ❌ אין קלף עם הקוד { $code }.

    השוו אותו לתווית. אם הוא זהה, הקלף אינו שלנו.
code-malformed =
    ⚠️ זה לא קוד שלם: תו חסר או שגוי.

    בקוד יש 20 תווים. השוו אותו לתווית.
code-deactivated = ⛔ הקלף עם הקוד הזה אינו פעיל עוד. פנו אל המוכר.
code-of-other-bot = ❌ הקישור הזה מוביל לבוט אחר, { $bot }. הוא אינו שייך לקלף שלנו.
more-codes = בדקתי את { $count } הקודים הראשונים. שלחו את האחרים בהודעה נוספת.
code-foreign = ❌ קוד ה-QR הזה אינו שייך לקלף שלנו.
no-code-seen = אינני רואה קוד QR בתמונה הזו. צלמו אותו מקרוב, ישר מלפנים ובתאורה טובה – או כתבו את הקוד שמתחתיו.
picture-too-large = התמונה הזו גדולה מדי בשבילי. שלחו אותה כתמונה ולא כקובץ.
picture-gone = טלגרם לא הצליח להעביר לי את התמונה. שלחו אותה שוב.
picture-unreadable = אינני מצליח לקרוא את התמונה הזו. שלחו אותה כתמונה, או כ־JPEG,‏ PNG או WebP.
document-refused = הקובץ הזה אינו תמונה. שלחו תמונה של קוד ה-QR.

## האטה
wait = ⏳ יותר מדי קודים שגויים. נסו שוב בעוד { $time }.
slow-down = ⏳ יותר מדי קודים שגויים. אסתכל על הקוד הבא בעוד { $time }.
seconds =
    { $count ->
        [one] שנייה אחת
        [two] שתי שניות
       *[other] { $count } שניות
    }
minutes =
    { $count ->
        [one] דקה אחת
        [two] שתי דקות
       *[other] { $count } דקות
    }
hours =
    { $count ->
        [one] שעה אחת
        [two] שעתיים
       *[other] { $count } שעות
    }
alert-guessing =
    ⚠️ מישהו מנסה לנחש קודים: { $who } (מזהה { $id }) שלח יותר מ־{ $count ->
        [one] קוד שגוי אחד
        [two] שני קודים שגויים
       *[other] { $count } קודים שגויים
    } בתוך { $minutes ->
        [one] דקה אחת
        [two] שתי דקות
       *[other] { $minutes } דקות
    } וכעת עליו להמתין.
alert-copied =
    ⚠️ תווית מועתקת? הקלף { $name } נבדק על ידי { $count ->
        [one] אדם אחד.
        [two] שני אנשים שונים.
       *[other] { $count } אנשים שונים.
    }

## מנהלים
admins-only = זה רק למנהלי הבוט.
admin-in-private = בואו נעשה זאת בצ'אט פרטי.
menu = קלפים
button-private = פתיחת הצ'אט הפרטי
button-add = ➕ הוספת קלף
button-list = 📇 הקלפים שלי
button-stats = 📊 סטטיסטיקה
button-menu = « תפריט
button-back = « חזרה
button-open = פתיחת הקלף
button-share = שיתוף
button-previous = ‹ הקודם
button-next = הבא ›
button-retired = קלפים מושבתים ({ $count })
button-active = קלפים פעילים ({ $count })
button-retired-list = « קלפים מושבתים
button-pictures = תמונות
button-qr = קוד QR
button-qr-file = קוד QR להדפסה
button-edit = עריכה
button-log = בדיקות
button-deactivate = השבתה
button-reactivate = הפעלה מחדש
button-edit-name = שם
button-edit-description = תיאור
button-edit-photo = תמונה
button-edit-packaged = תמונה באריזה
button-skip = דילוג
button-remove = הסרה
button-cancel = ביטול
button-outdated = הכפתור הזה כבר אינו בתוקף. התפריט נפתח עם /admin.

## הוספה
ask-photo = שלחו את תמונת הקלף.
ask-name = שלחו את שם הקלף, עד { $name } תווים.
ask-description = שלחו תיאור, עד { $description } תווים, או דלגו עליו.
ask-packaged = שלחו תמונה של הקלף באריזה, או דלגו עליה.
not-a-photo = כאן צריך תמונה.
not-a-picture-file = הקובץ הזה אינו תמונה. אפשר JPEG,‏ PNG,‏ WebP ו־HEIC.
not-a-name = כאן צריך שם בכתב.
not-a-description = כאן צריך תיאור בכתב.
no-such-command = אינני מכיר את הפקודה הזו. /cancel עוצר.
name-too-long = בשם הזה { $count } תווים; מותר עד { $limit }.
description-too-long = בתיאור הזה { $count } תווים; מותר עד { $limit }.
caption-too-long = בכיתוב { $count } תווים; בשם מותר עד { $limit }.
name-from-caption = הכיתוב נלקח כשם: { $name }
two-photos = שתי התמונות נלקחו: השנייה מראה את הקלף באריזה.
first-two-photos = שתי התמונות הראשונות נלקחו: לקלף אין יותר. השנייה מראה אותו באריזה.
edit-not-counted = שינוי של הודעה אינו נספר. שלחו את מה שהתכוונתם אליו בהודעה חדשה.
draft-open = מה שהתחלתם עדיין פתוח.
draft-dropped = מה שהתחלתם בוטל.
draft-over = חיכיתי שעה, ומה שהתחלתם הסתיים. אפשר להתחיל מחדש עם /admin.
cancelled = בוטל.
nothing-to-cancel = אין מה לבטל.
summary = ✅ הקלף { $name } נוסף.
summary-packaged = עם תמונה באריזה.
summary-unpackaged = בלי תמונה באריזה.
code-and-link =
    קוד: { $code }
    { $link }

## קלף
card-gone = הקלף הזה כבר אינו קיים.
card-inactive = ⛔ מושבת: אי אפשר לבדוק אותו.
card-unchecked = עדיין לא נבדק.
card-checked =
    { $count ->
        [one] נבדק פעם אחת
        [two] נבדק פעמיים
       *[other] נבדק { $count } פעמים
    } על ידי { $users ->
        [one] אדם אחד
        [two] שני אנשים
       *[other] { $users } אנשים
    }, לראשונה ב־{ $first }.
card-created = נוסף ב־{ $time } על ידי { $who }.
ask-deactivate = להשבית את { $name }? מי שיבדוק אותו יראה רק שאינו פעיל עוד.
ask-reactivate = להפעיל מחדש את { $name }? יהיה אפשר לבדוק אותו שוב.
deactivated = הושבת.
reactivated = הופעל מחדש.
edit = מה לשנות בקלף { $name }?
edit-name = { $name }: שלחו את השם החדש, עד { $limit } תווים.
edit-description = { $name }: שלחו את התיאור החדש, עד { $limit } תווים.
edit-photo = { $name }: שלחו את התמונה החדשה.
edit-packaged = { $name }: שלחו את התמונה החדשה באריזה.
saved = נשמר.
share =
    בדקו את הקלף „{ $name }”:
    { $link }

## רשימות
list-active =
    { $count ->
        [0] עדיין אין קלפים פעילים.
        [one] קלף פעיל אחד
        [two] שני קלפים פעילים
       *[other] { $count } קלפים פעילים
    }
list-retired =
    { $count ->
        [0] אין קלפים מושבתים.
        [one] קלף מושבת אחד
        [two] שני קלפים מושבתים
       *[other] { $count } קלפים מושבתים
    }
page = עמוד { $page } מתוך { $pages }
log =
    { $name }: { $count ->
        [0] עדיין לא נבדק.
        [one] בדיקה אחת
        [two] שתי בדיקות
       *[other] { $count } בדיקות
    }
log-entry =
    { $time }
    { $who } · { $id }

## סטטיסטיקה
stats-cards = קלפים: { $count }
stats-active = פעילים: { $count }
stats-checks = בדיקות: { $count }
stats-today = בדיקות היום: { $count }
stats-week = בדיקות ב־7 הימים האחרונים: { $count }
stats-top = הנבדקים ביותר
stats-place =
    { $place }. { $name } – { $count ->
        [one] בדיקה אחת
        [two] שתי בדיקות
       *[other] { $count } בדיקות
    }
stats-days = היום מתחיל ב־⁨00:00 UTC⁩; 7 הימים כוללים את היום.
