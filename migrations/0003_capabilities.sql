-- What plugins can do besides answering: timers, schedules, routes, answers from outside, and passing an event on.
-- works beside: 2
--
-- `lanes.plugin` holds `plugin/processor` for the lanes of a processor.

-- Events that no update is behind, and who is asked next.
ALTER TABLE inbox ADD COLUMN payload TEXT;       -- the event as the host's JSON; null: that of its update
ALTER TABLE inbox ADD COLUMN chain TEXT;         -- the plugins to be asked after this one if it passes, by commas; null: nobody
ALTER TABLE inbox ADD COLUMN passed TEXT;        -- why the plugin passed the event on; null: it did not
CREATE INDEX lanes_host ON lanes (host_id) WHERE host_id IS NOT NULL;

-- Answers from outside (HTTP, language model) that the turns of an event got, so that another run of it gets the same.
CREATE TABLE answers (
    inbox_seq   BIGINT NOT NULL,        -- the event
    kind        TEXT NOT NULL,          -- http, llm, or shown: the message in which an answer appears as it comes in
    number      BIGINT NOT NULL,        -- the how many-th of that kind in the turn, from 0
    attempt     BIGINT NOT NULL,        -- the attempt of the event that asked
    question    TEXT NOT NULL,          -- SHA-256 of what was asked, in hexadecimal
    answer      {bytes} NOT NULL,       -- what was answered, as the host's JSON; the reference of a message that is shown
    created_at  BIGINT NOT NULL,        -- when it was got
    PRIMARY KEY (inbox_seq, kind, number)
);

-- What language models have used up.
CREATE TABLE llm_usage (
    bot_id      BIGINT NOT NULL,        -- the bot
    chat_id     BIGINT NOT NULL,        -- the chat; the user where there is none
    day         BIGINT NOT NULL,        -- the day in UTC, counted from 1970-01-01
    calls       BIGINT NOT NULL,        -- questions that were answered
    tokens      BIGINT NOT NULL,        -- what they cost, both ways
    PRIMARY KEY (bot_id, day, chat_id)
);

-- Timers of plugins that have not fired yet.
CREATE TABLE timers (
    id          {autoid},               -- the order in which equally due ones fire
    bot_id      BIGINT NOT NULL,        -- the bot
    plugin      TEXT NOT NULL,          -- the plugin, or plugin/processor
    chat_id     BIGINT NOT NULL,        -- the chat in whose lane it fires
    name        TEXT NOT NULL,          -- its key
    due_at      BIGINT NOT NULL,        -- when it fires
    data        TEXT NOT NULL,          -- what its event carries
    UNIQUE (bot_id, plugin, chat_id, name)
);
CREATE INDEX timers_due ON timers (bot_id, plugin, due_at);

-- When the schedules of plugins are due next; one row for each bot, whatever the number of hosts.
CREATE TABLE schedules (
    bot_id      BIGINT NOT NULL,        -- the bot
    plugin      TEXT NOT NULL,          -- the plugin, or plugin/processor
    name        TEXT NOT NULL,          -- the schedule's name in the manifest
    cron        TEXT NOT NULL,          -- what due_at was computed from, with its time zone; another one starts anew
    due_at      BIGINT NOT NULL,        -- when it is due
    PRIMARY KEY (bot_id, plugin, name)
);

-- Answers of plugins to requests of the REST API, until the host that holds the connection has seen them.
CREATE TABLE replies (
    inbox_seq   BIGINT PRIMARY KEY,     -- the request's event
    status      BIGINT NOT NULL,        -- the HTTP status
    body        TEXT NOT NULL,          -- the JSON; empty: none
    created_at  BIGINT NOT NULL         -- when the turn committed
);

-- The people whom the bots have seen, as they called themselves when something of it was new.
CREATE TABLE users (
    bot_id      BIGINT NOT NULL,        -- the bot that saw them
    user_id     BIGINT NOT NULL,        -- Telegram's id of the user
    first_name  TEXT NOT NULL,          -- the first name
    last_name   TEXT NOT NULL,          -- the last name; empty: none
    username    TEXT NOT NULL,          -- the name without @; empty: none
    language    TEXT NOT NULL,          -- IETF tag of the language of their Telegram; empty: not known
    first_seen_at BIGINT NOT NULL,      -- when the first update of theirs was stored
    changed_at  BIGINT NOT NULL,        -- when what stands here was new last
    PRIMARY KEY (bot_id, user_id)
);
