# What the bot says in English. Every message exists in every language, with the same places.

## Commands
command-start = Start
command-verify = Check a card by its code
command-help = How it works
command-admin = Manage the cards
command-cancel = Stop what was begun

## Everybody
start =
    Hello! I am { $bot }, and I check cards.

    Scan the QR code on the label, send me a photo of it, or type the code that stands under it. I will show you what the card must look like and how often it has been checked.
start-admin = You run this bot: /admin opens the menu.
help =
    How to check a card:
    • scan the QR code on its label with your phone's camera,
    • or send me a photo of the QR code,
    • or send me the code that stands under it, such as K7QF-9M2X-4TRA-88BC-PD3N. Dashes and capitals do not matter.

    Compare the photos with what you hold in your hands. A new card should not have been checked many times before.
help-admin =
    For admins:
    /admin – add, change and watch cards
    /cancel – stop adding or changing a card
hint = To check a card, send me its code or a photo of its QR code. More: /help
verify-how = Send the code with the command, such as /verify K7QF-9M2X-4TRA-88BC-PD3N – or just the code, or a photo of the QR code.

## The answer to a check
card-genuine = ✅ { $name }
as-said = { $text }
first-check = This is the first check of this card.
checked =
    { $count ->
        [one] Checked { $count } time
       *[other] Checked { $count } times
    }, first on { $first }.
picture-card = The card
picture-packaged = Packaged
code-unknown =
    ❌ There is no card with the code { $code }.

    Please compare it with the label. If it is the same, the card is not ours.
code-malformed =
    ⚠️ This is not a complete code: a character is missing or wrong.

    A code has 20 characters. Please compare it with the label.
code-deactivated = ⛔ The card with this code is no longer active. Please contact the seller.
code-of-other-bot = ❌ This link leads to another bot, { $bot }. It does not belong to a card of ours.
more-codes = I have looked at the first { $count } codes. Please send the others in another message.
code-foreign = ❌ This QR code does not belong to a card of ours.
no-code-seen = I see no QR code on this picture. Please take it closer, straight from the front and in good light – or type the code that stands under it.
picture-too-large = This picture is too large for me. Please send it as a photo instead of a file.
picture-gone = Telegram could not give me this picture. Please send it again.
picture-unreadable = I cannot read this picture. Please send it as a photo, or as JPEG, PNG or WebP.
document-refused = This file is not a picture. Please send a photo of the QR code.

## Slowing down
wait = ⏳ Too many wrong codes. Please try again in { $time }.
slow-down = ⏳ That was one wrong code too many. I will look at the next one in { $time }.
seconds =
    { $count ->
        [one] { $count } second
       *[other] { $count } seconds
    }
minutes =
    { $count ->
        [one] { $count } minute
       *[other] { $count } minutes
    }
hours =
    { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
alert-guessing =
    ⚠️ Somebody is trying codes: { $who } (id { $id }) has sent more than { $count ->
        [one] { $count } wrong code
       *[other] { $count } wrong codes
    } within { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    } and has to wait now.
alert-copied =
    ⚠️ A copied label? { $name } has been checked by { $count ->
        [one] { $count } person.
       *[other] { $count } different people.
    }

## Admins
admins-only = This is for the admins of the bot only.
admin-in-private = Let us do this in private.
menu = Cards
button-private = Open the private chat
button-add = ➕ Add card
button-list = 📇 My cards
button-stats = 📊 Statistics
button-menu = « Menu
button-back = « Back
button-open = Open the card
button-share = Share
button-previous = ‹ Previous
button-next = Next ›
button-retired = Deactivated cards ({ $count })
button-active = Active cards ({ $count })
button-retired-list = « Deactivated cards
button-pictures = Photos
button-qr = QR code
button-qr-file = QR code for printing
button-edit = Edit
button-log = Checks
button-deactivate = Deactivate
button-reactivate = Reactivate
button-edit-name = Name
button-edit-description = Description
button-edit-photo = Photo
button-edit-packaged = Packaged photo
button-skip = Skip
button-remove = Remove
button-cancel = Cancel
button-outdated = This button is out of date. /admin opens the menu.

## Adding
ask-photo = Send the photo of the card.
ask-name = Send the name of the card, up to { $name } characters.
ask-description = Send a description, up to { $description } characters, or skip it.
ask-packaged = Send a photo of the packaged card, or skip it.
not-a-photo = I need a photo here.
not-a-picture-file = This file is not a picture. I take JPEG, PNG, WebP and HEIC.
not-a-name = I need a name in writing here.
not-a-description = I need a description in writing here.
no-such-command = I do not know this command. /cancel stops.
name-too-long = This name has { $count } characters; it may have { $limit }.
description-too-long = This description has { $count } characters; it may have { $limit }.
caption-too-long = The caption has { $count } characters; a name may have { $limit }.
name-from-caption = I took the caption as the name: { $name }
two-photos = I took both photos: the second one shows the card packaged.
first-two-photos = I took the first two photos: a card has no more. The second one shows it packaged.
edit-not-counted = A change to a message does not count. Please send what you mean as a new message.
draft-open = What you began is still open.
draft-dropped = What you had begun was dropped.
draft-over = I waited for an hour, so what you had begun is over. /admin starts again.
cancelled = Cancelled.
nothing-to-cancel = There is nothing to cancel.
summary = ✅ { $name } has been added.
summary-packaged = With a photo of the packaged card.
summary-unpackaged = Without a photo of the packaged card.
code-and-link =
    Code: { $code }
    { $link }

## A card
card-gone = This card is not there any more.
card-inactive = ⛔ Deactivated: nobody can check it.
card-unchecked = Not checked yet.
card-checked =
    { $count ->
        [one] Checked { $count } time
       *[other] Checked { $count } times
    } by { $users ->
        [one] { $users } person
       *[other] { $users } people
    }, first on { $first }.
card-created = Added on { $time } by { $who }.
ask-deactivate = Deactivate { $name }? Whoever checks it will only see that it is no longer active.
ask-reactivate = Reactivate { $name }? It can be checked again then.
deactivated = Deactivated.
reactivated = Reactivated.
edit = What of { $name } shall be changed?
edit-name = { $name }: send the new name, up to { $limit } characters.
edit-description = { $name }: send the new description, up to { $limit } characters.
edit-photo = { $name }: send the new photo.
edit-packaged = { $name }: send the new photo of the packaged card.
saved = Saved.
share =
    Check the card “{ $name }”:
    { $link }

## Lists
list-active =
    { $count ->
        [0] No active cards yet.
        [one] { $count } active card
       *[other] { $count } active cards
    }
list-retired =
    { $count ->
        [0] No deactivated cards.
        [one] { $count } deactivated card
       *[other] { $count } deactivated cards
    }
page = Page { $page } of { $pages }
log =
    { $name }: { $count ->
        [0] not checked yet.
        [one] { $count } check
       *[other] { $count } checks
    }
log-entry =
    { $time }
    { $who } · { $id }

## Statistics
stats-cards = Cards: { $count }
stats-active = Active: { $count }
stats-checks = Checks: { $count }
stats-today = Checks today: { $count }
stats-week = Checks in the last 7 days: { $count }
stats-top = Checked most
stats-place =
    { $place }. { $name } – { $count ->
        [one] { $count } check
       *[other] { $count } checks
    }
stats-days = Days begin at 00:00 UTC; the 7 days include today.
