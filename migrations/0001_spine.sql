-- One text for SQLite and PostgreSQL. {autoid} and {bytes} are the two words that differ; store/dialect.rs says how.
-- All times are milliseconds since 1970-01-01T00:00:00Z, all booleans are 0 or 1.

-- The hosts that run against this database. A lane's lease is worth as much as its host's row here.
CREATE TABLE hosts (
    id          BIGINT PRIMARY KEY,     -- random, drawn anew at every start: a restarted host is a new host
    alive_until BIGINT NOT NULL,        -- renewed every few seconds; after this time its lanes may be taken over
    started_at  BIGINT NOT NULL,        -- when it started
    version     TEXT NOT NULL           -- the version of guesthouse it runs
);

-- What the host knows of each bot.
CREATE TABLE bots (
    bot_id      BIGINT PRIMARY KEY,     -- Telegram's id of the bot
    username    TEXT NOT NULL,          -- its name without @, as getMe said last
    name        TEXT NOT NULL,          -- what it is called, as getMe said last
    commands    TEXT NOT NULL           -- digest of the command menu that Telegram was told last; empty: never told
);

-- A lane: what must be done one at a time and in order. At most one host holds it.
CREATE TABLE lanes (
    id          {autoid},               -- short name for the rows that belong to it
    kind        BIGINT NOT NULL,        -- 0 polling of a bot, 1 turns of a plugin in a chat, 2 sending to a chat
    bot_id      BIGINT NOT NULL,        -- the bot
    plugin      TEXT NOT NULL,          -- the plugin; empty unless kind is 1
    chat_id     BIGINT NOT NULL,        -- the chat; the user where there is none; 0 for polling
    due_at      BIGINT,                 -- when its head is due; null: nothing to do
    host_id     BIGINT,                 -- who holds it; null: nobody
    fence       BIGINT NOT NULL,        -- grows at every claim; a commit with an older one is refused
    UNIQUE (kind, bot_id, plugin, chat_id)
);
CREATE INDEX lanes_due ON lanes (kind, due_at) WHERE due_at IS NOT NULL;

-- Every update that Telegram sent, as it sent it.
CREATE TABLE updates (
    seq         {autoid},               -- the order in which they were stored
    bot_id      BIGINT NOT NULL,        -- the bot it is for
    update_id   BIGINT NOT NULL,        -- Telegram's number; unique, but it may start again lower after a quiet week
    kind        TEXT NOT NULL,          -- the Bot API's name of its kind; empty if it has none
    raw         TEXT NOT NULL,          -- the JSON, byte for byte
    received_at BIGINT NOT NULL,        -- when it was stored
    UNIQUE (bot_id, update_id)
);

-- Events that wait for their turn, and those that had it.
CREATE TABLE inbox (
    seq         {autoid},               -- the order of the turns within a lane
    lane_id     BIGINT NOT NULL,        -- the lane it belongs to
    update_seq  BIGINT,                 -- the update behind it
    state       BIGINT NOT NULL,        -- 0 waiting, 1 done, 2 dead
    attempt     BIGINT NOT NULL,        -- how many turns have failed on it
    due_at      BIGINT NOT NULL,        -- not before this time
    created_at  BIGINT NOT NULL,        -- when it came
    ended_at    BIGINT,                 -- when it was done or given up
    reason      TEXT                    -- why the last turn failed
);
CREATE INDEX inbox_waiting ON inbox (lane_id, seq) WHERE state = 0;

-- Calls to Telegram that wait to be made, and those that were.
CREATE TABLE outbox (
    seq         {autoid},               -- the order of the calls within a chat
    lane_id     BIGINT NOT NULL,        -- the sending lane of the chat
    bot_id      BIGINT NOT NULL,        -- the bot that sends
    plugin      TEXT NOT NULL,          -- the plugin that asked; empty: the host itself
    inbox_seq   BIGINT,                 -- the event whose turn asked
    reference   BIGINT,                 -- the number under which the plugin knows the message
    about       BIGINT,                 -- the reference of the message that this call edits, deletes or answers
    method      TEXT NOT NULL,          -- the Bot API method
    body        TEXT NOT NULL,          -- its parameters as JSON, ready to be sent but for what delivery fills in
    state       BIGINT NOT NULL,        -- 0 waiting, 1 sent, 2 dead, 3 expired
    attempt     BIGINT NOT NULL,        -- how many calls have failed
    ambiguous   BIGINT NOT NULL,        -- how many of them may have arrived all the same
    attempt_at  BIGINT,                 -- when the call under way began; set while it is in the air
    due_at      BIGINT NOT NULL,        -- not before this time
    expires_at  BIGINT,                 -- worthless after this time
    created_at  BIGINT NOT NULL,        -- when the turn committed
    ended_at    BIGINT,                 -- when it was sent or given up
    message_id  BIGINT,                 -- Telegram's number of the message
    reason      TEXT                    -- what Telegram said last, if it was no success
);
CREATE INDEX outbox_waiting ON outbox (lane_id, seq) WHERE state = 0;
CREATE INDEX outbox_reference ON outbox (reference) WHERE reference IS NOT NULL;

-- The bytes of files that plugins send, once each.
CREATE TABLE blobs (
    digest      TEXT PRIMARY KEY,       -- SHA-256 of the bytes, in hexadecimal
    created_at  BIGINT NOT NULL,        -- when they were sent last, to the day
    bytes       {bytes} NOT NULL        -- the bytes; last, so that the rest of a row is read without them
);

-- What Telegram calls the files that a bot has sent, so that the same bytes are uploaded once.
CREATE TABLE files (
    bot_id      BIGINT NOT NULL,        -- the bot
    digest      TEXT NOT NULL,          -- SHA-256 of the bytes, in hexadecimal
    kind        TEXT NOT NULL,          -- photo or document: the same bytes have another id as each
    file_id     TEXT NOT NULL,          -- Telegram's id
    PRIMARY KEY (bot_id, digest, kind)
);

-- What the tokens in inline buttons stand for.
CREATE TABLE callbacks (
    token       TEXT PRIMARY KEY,       -- what Telegram carries; 96 random bits
    bot_id      BIGINT NOT NULL,        -- the bot
    plugin      TEXT NOT NULL,          -- the plugin that made the button and is called
    chat_id     BIGINT NOT NULL,        -- the chat it was sent to
    only_for    BIGINT,                 -- the only user who may press it; null: anybody in the chat
    data        TEXT NOT NULL,          -- what the plugin put in
    created_at  BIGINT NOT NULL         -- when it was sent
);

-- Where conversations stand.
CREATE TABLE dialogues (
    bot_id      BIGINT NOT NULL,        -- the bot
    plugin      TEXT NOT NULL,          -- the plugin
    chat_id     BIGINT NOT NULL,        -- the chat
    user_id     BIGINT NOT NULL,        -- the user
    topic_id    BIGINT NOT NULL,        -- the forum topic; 0 outside of topics
    step        TEXT NOT NULL,          -- the name of the step
    data        TEXT NOT NULL,          -- what has been gathered so far
    expires_at  BIGINT NOT NULL,        -- over after this time
    PRIMARY KEY (bot_id, plugin, chat_id, user_id, topic_id)
);

-- The tables of plugins as they stand in this database, each named <plugin>__<table>.
CREATE TABLE plugin_tables (
    plugin      TEXT NOT NULL,          -- the plugin
    name        TEXT NOT NULL,          -- the table's name in the manifest
    declaration TEXT NOT NULL,          -- the declaration it was last made from, as JSON
    PRIMARY KEY (plugin, name)
);
