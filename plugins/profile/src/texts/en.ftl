# What the bot says in English. Every message exists in every language, with the same places.

## Commands
command-profile = What I know about you; off or on for this chat
command-forget = Delete everything I know about you
command-export = All that I know about you, as a file

## Consent
consent =
    I read along: what you tell about yourself here (your name, city, work, family, interests …) I write down, together with your words, and each week your mood and topics. Only you get to see it from me; the people who run this bot can read it.

    /profile – see, correct and delete it
    /profile off – I stop reading in this chat
    /forget – I delete everything
consent-group =
    I read along: what people tell about themselves here I write down, together with their words. Each of them sees their own with /profile in my private chat, and nobody else's.

    /profile off – I do not read you here
    /profile off all – I read nobody here; for those who run the bot, who brought it, or write in the group's name
switch-how = In this chat: /profile off – I do not read you any more; /profile on – I do again. In a group also /profile off all and /profile on all.
on-private = I read along again in this chat.
off-private = I do not read along in this chat any more. What I know already stays until you say /forget.
on-group = I read your messages in this group again.
off-group = I do not read your messages in this group any more.
on-all = I read along again in this group, except for those who do not want it.
off-all = I do not read anybody in this group any more.
all-not-allowed = This is for those who run the bot, who brought it here, or who write in the group's name. For yourself alone: /profile off
button-private = Open the private chat
only-private = That is between you and me.

## The profile
profile-title = What I know about you
profile-empty = Nothing yet.
profile-foot = Press a line to see where it comes from, to correct it or to delete it.
page = Page { $page } of { $pages }
fact = { $field }: { $value }
source = “{ $quote }”, { $day }
source-link = message
source-corrected = as you corrected it
fact-times =
    { $count ->
        [one] Said once, on { $day }.
       *[other] Said { $count } times, first on { $day }.
    }
fact-sure = I am { $percent } % sure.
fact-before = Before: { $value }, until { $day }
fact-gone = I do not know that any more.
fact-deleted = Deleted.
button-previous = ‹ Previous
button-next = Next ›
button-correct = ✏️ Correct
button-delete = 🗑 Delete
button-back = « Back
button-cancel = Cancel
button-export = 📄 As a file
button-forget = 🗑 Forget everything
button-outdated = This button is too old. /profile shows a new one.
correct-ask = { $field }: send the right value, for example { $example }
correct-again = I cannot read that as: { $field }. For example: { $example }
corrected = Corrected.
cancelled = Cancelled.
heard = I heard: { $facts }. /profile shows all that I know about you.
unheard = I have no answer to that. /profile shows what I know about you.
forget-ask = Shall I delete everything I know about you, in all chats? It cannot be undone. /export gives you a copy first.
button-forget-now = 🗑 Delete everything
forgotten =
    Everything is deleted. For ten more minutes I remember only that I have to forget you; then that goes as well.

    With your next message I would begin anew. /profile off stops me.

## The week
week-title = This week
week = Messages: { $count }, mood: { $mood }
week-topics = Topics: { $topics }
week-questions = Open questions:
mood-good = good
mood-bad = bad
mood-mixed = mixed
mood-neutral = neutral

## Fields
field-name = Name
field-age = Age
field-birthday = Birthday
field-city = City
field-timezone = Time zone
field-occupation = Occupation
field-language = Language
field-family = Family
field-interest = Interest
field-phone = Phone
field-email = E-mail
field-link = Link
example-name = Anna
example-age = 34
example-birthday = 12.05.1990
example-city = Haifa
example-timezone = UTC+2
example-occupation = teacher
example-language = French
example-family = daughter: Emma (or: wife, children: 2, married)
example-interest = chess
example-phone = +44 7700 900123
example-email = anna@example.com
example-link = https://example.com
family-wife = wife
family-husband = husband
family-girlfriend = girlfriend
family-boyfriend = boyfriend
family-partner = partner
family-fiancee = fiancée
family-fiance = fiancé
family-son = son
family-daughter = daughter
family-children = children
family-sons = sons
family-daughters = daughters
family-brother = brother
family-sister = sister
family-brothers = brothers
family-sisters = sisters
family-grandson = grandson
family-granddaughter = granddaughter
family-married = married
family-single = not married
family-divorced = divorced
family-widowed = widowed
family-engaged = engaged
