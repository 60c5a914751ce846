-- What turns did, so that they can be explained and run again, and what other builds of plugins would have done.
-- works beside: 3

-- One row for each turn that ended, kept for a while.
CREATE TABLE journal (
    seq         {autoid},               -- the number of the turn
    inbox_seq   BIGINT NOT NULL,        -- the event it handled
    bot_id      BIGINT NOT NULL,        -- the bot
    plugin      TEXT NOT NULL,          -- the plugin, or plugin/processor
    chat_id     BIGINT NOT NULL,        -- the chat; the user where there is none
    user_id     BIGINT,                 -- whose doing the event was; null: nobody's
    at          BIGINT NOT NULL,        -- when it began
    outcome     BIGINT NOT NULL,        -- 0 committed, 1 passed on, 2 failed and tried again, 3 dead, 4 expired
    attempt     BIGINT NOT NULL,        -- how many turns of the event had failed before
    conflicts   BIGINT NOT NULL,        -- how often it had to run again because something it had read changed
    cpu_us      BIGINT NOT NULL,        -- computing time of its last run in microseconds
    elapsed_us  BIGINT NOT NULL,        -- time by the clock of its last run in microseconds
    memory_kib  BIGINT NOT NULL,        -- memory of its last run
    reason      TEXT,                   -- why it failed or passed
    size        BIGINT NOT NULL,        -- bytes of what follows
    body        {bytes} NOT NULL        -- what it was run with, what it was answered and what it asked for: JSON, compressed
);
-- By event, and with the size, so that their sum is read without the bodies.
CREATE INDEX journal_event ON journal (inbox_seq, size);
CREATE INDEX inbox_update ON inbox (update_seq);
CREATE INDEX outbox_event ON outbox (inbox_seq);

-- What a shadow did differently, one row for each difference.
CREATE TABLE shadows (
    bot_id      BIGINT NOT NULL,        -- the bot
    plugin      TEXT NOT NULL,          -- the plugin
    digest      TEXT NOT NULL,          -- the other build: the SHA-256 of its component in hexadecimal
    signature   TEXT NOT NULL,          -- digest of the difference; empty: the turns that were the same; `dropped`: those not run
    difference  TEXT NOT NULL,          -- the difference in words
    turns       BIGINT NOT NULL,        -- how many turns had it
    event       BIGINT NOT NULL,        -- the event of the latest of them
    at          BIGINT NOT NULL,        -- when that was
    PRIMARY KEY (bot_id, plugin, digest, signature)
);
