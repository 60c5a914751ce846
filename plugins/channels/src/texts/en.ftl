# What the bot says in English. Every message exists in every language, with the same places.

## Commands
command-channels = What the bot does with channels
command-add = Read a channel: /add @name
command-list = The channels you read
command-remove = Stop reading a channel
command-pause = Pause a channel, or go on
command-rules = What you want of the channels
command-why = Why a post came, or did not
command-parse = Read all channels now
command-stats = What was read so far
help =
    I read Telegram channels for you and pass on what you want of them.

    • Send me @name or a link such as t.me/name, or forward a post: I will read that channel.
    • /list shows your channels, /pause and /remove end it.
    • /rules says what you want: words, languages, pictures, prices, quiet hours, digests.
    • /why says why a post came or did not.
    • /parse reads everything now, /stats counts.

    Put me into a group and write /add there to read the group, too.
in-private = Let us talk about that in private.

## Adding
add-how = Which channel? Send me /add @name, a link such as t.me/name, or forward a post of it.
add-no-name = “{ $written }” is not the name of a channel. A name is such as @durov or t.me/durov.
add-private = “{ $written }” can be read by its members only. Add me to it as a member (in a channel: as an administrator), then forward me a post of it.
forward-no-channel = I see no channel that this was forwarded from. What I can do: /channels
adding = ⏳ { $channel }: I am reading it now…
added =
    ✅ { $channel }
    { $posts ->
        [one] { $posts } post read so far. I will pass on what comes from now on.
       *[other] { $posts } posts read so far. I will pass on what comes from now on.
    }
followers =
    { $count ->
        [one] { $count } subscriber
       *[other] { $count } subscribers
    }
last-post = The last post:
already = You read { $channel } already.
resumed = ▶️ { $channel }: I go on.
paused = ⏸ { $channel }: paused. What is posted meanwhile is skipped.
removed = 🗑 { $channel } removed.
too-many =
    { $count ->
        [one] You may read { $count } channel. Remove it first: /remove
       *[other] You may read { $count } channels. Remove one first: /remove
    }
not-subscribed = You do not read “{ $written }”. Your channels: /list

## How a channel stands
state-fine = ✅ { $channel } can be read again.
state-no-preview = ⚠️ { $channel } shows no preview on the Web, so I cannot read it from outside. If I am added to it as an administrator, I can.
state-group = ⚠️ { $channel } is a group. Add me to it and write /add there.
state-bot = ⚠️ { $channel } is a bot, not a channel.
state-nobody = ⚠️ { $channel }: there is no public channel with this name.
state-changed = ⚠️ { $channel }: Telegram has changed its pages, and I do not understand them any more. The people who run me have been told.
state-too-large = ⚠️ { $channel }: its page is too large for me. I will go on trying.
state-unreachable = ⚠️ { $channel } cannot be read at the moment. I will go on trying.
state-not-allowed = ⚠️ { $channel }: I am not allowed to read this address. The people who run me have been told.
alarm-changed =
    🚨 The preview page of { $channel } has changed: { $reason }.

    Posts are not read from such pages until the plugin knows them. Other channels are probably affected, too: /stats
alarm-not-allowed =
    🚨 The preview page of { $channel } may not be fetched: { $reason }.

    The plugin needs its address in the grant for "http".

## The list
list-empty = You read no channel yet. Send me @name, a link, or forward a post.
list =
    { $count ->
        [one] You read { $count } channel:
       *[other] You read { $count } channels:
    }
channel-counts = Posts: { $posts } · passed on: { $sent } · left out: { $left }
remove-ask = Stop reading { $channel }?
gone = That is not there any more.

## Posts
digest =
    { $count ->
        [one] 📰 { $count } new post
       *[other] 📰 { $count } new posts
    }

## Rules
rules-of = Rules for { $channel }
rules-of-all = Rules for all channels
rules-none = None yet: everything is passed on.
rules-how = Send me the rules as one message, one on each line; a single dash (-) clears them. You see what they do before they are saved. All there is:
rules-text-only = Please send the rules as text.
rules-saved = Saved.
trial =
    { $count ->
        [one] Of the last post { $taken } would be passed on:
       *[other] Of the last { $count } posts { $taken } would be passed on:
    }
trial-none = There is no post yet to try it on.
wrong-line = ❌ Line { $line }:
wrong-key = no rule begins with “{ $piece }”.
wrong-empty = something is missing.
wrong-regex = “{ $piece }” is not a regular expression.
wrong-heavy = “{ $piece }” is too long or too complicated.
wrong-language = I do not know the language “{ $piece }”.
wrong-media = I do not know “{ $piece }”. There are text, photo, video, gif, round, voice, audio, document, sticker, poll, location, contact, game, invoice, story and unsupported.
wrong-range = “{ $piece }” is no number or range.
wrong-field = “{ $piece }” cannot be taken.
wrong-place = “{ $piece }” cannot stand in a template.
wrong-arrow = an arrow (->) is missing in “{ $piece }”.
wrong-time = “{ $piece }” is no time.
wrong-choice = “{ $piece }” is neither “no” nor “only”.
wrong-twice = “{ $piece }” stands there twice.
wrong-much = that is more than I can read.
wrong-example = Right would be: { $example }
knob-when = 🕘 When
knob-quiet = 🌙 Quiet hours
knob-media = 🖼 Media
knob-language = 🌐 Languages

## Why
why-how = Send /why with the link of a post, such as /why https://t.me/name/123 – or /why alone for what was left out.
why-not-seen = I have not read this post for you.
why-none = Nothing was left out.
why-left = Left out last:
why-old = It is older than your subscription.
why-status-left = It was left out.
why-due = It will be passed on at { $time }.
why-sent = It was passed on at { $time }.
why-kept = It is only kept.
why-no-rules = No rule says anything about it.
why-service = a message of Telegram's own
why-for-all = (for all channels)
why-found = found: { $found }

## Reading
parse-none = You read no channel from outside. Posts of chats where I am come by themselves.
parsing =
    { $count ->
        [one] ⏳ Reading { $count } channel…
       *[other] ⏳ Reading { $count } channels…
    }
run-done = Channels read: { $channels }, new posts: { $posts }.
run-failed = Could not be read: { $count }. More: /list
run-slow = Have not answered yet: { $count }.

## Statistics
stats-yours = Yours
stats-all = All users
stats-channels = Channels: { $count }
stats-posts = Posts: { $count }
stats-day = in the last 24 hours: { $count }
stats-sent = passed on: { $count }
stats-left = left out: { $count }
stats-due = waiting: { $count }
stats-users = Users: { $count }
stats-trouble = Channels in trouble: { $count }
stats-pages = Linked pages: { $count }

## Buttons
button-why = ❓ Why
button-rules = ⚙️ Rules
button-rules-all = ⚙️ Rules for all
button-remove = 🗑 Remove
button-pause = ⏸ Pause
button-resume = ▶️ Go on
button-list = « List
button-previous = « Back
button-next = More »
button-yes = Yes
button-no = No
button-back = « Back
button-write = ✏️ Write
button-save = 💾 Save
button-cancel = Cancel
button-none = None of these
button-private = Talk in private
button-outdated = This button is from earlier times.
