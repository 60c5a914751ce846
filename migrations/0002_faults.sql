-- What it takes to live with faults: deadlines, dead letters, alerts, albums, chats that are gone, pauses that last.
-- works beside: 1

-- The oldest hosts that can go on working beside a schema.
ALTER TABLE migrations ADD COLUMN beside BIGINT; -- the oldest schema whose hosts can use this one too; null: none

-- Deadlines and dead letters. A state of 3 in `inbox` is: expired, nobody waits for an answer any more.
ALTER TABLE inbox ADD COLUMN expires_at BIGINT;  -- worthless after this time; null: never
ALTER TABLE inbox ADD COLUMN digest TEXT;        -- the component whose turn failed last: its SHA-256 in hexadecimal

-- Alerts to the admins. One row for each cause; what repeats is counted and told together.
CREATE TABLE alerts (
    bot_id      BIGINT NOT NULL,        -- the bot whose admins are told
    plugin      TEXT NOT NULL,          -- the plugin it is about; empty: the host itself
    cause       TEXT NOT NULL,          -- what the repeated ones have in common
    told_at     BIGINT NOT NULL,        -- when the admins were told last
    untold      BIGINT NOT NULL,        -- how many have come since
    last_event  BIGINT,                 -- the event of the latest of those
    reason      TEXT NOT NULL,          -- the reason of the latest
    PRIMARY KEY (bot_id, plugin, cause)
);

-- Albums. An event of several updates has the first of them in `inbox.update_seq` and the rest here.
ALTER TABLE inbox ADD COLUMN album TEXT;         -- its media_group_id; null: no album
ALTER TABLE inbox ADD COLUMN gathering BIGINT NOT NULL DEFAULT 0;  -- 0 no album, 1 parts may join it, 2 handed to a turn
CREATE INDEX inbox_gathering ON inbox (lane_id, album) WHERE gathering = 1;
CREATE TABLE parts (
    inbox_seq   BIGINT NOT NULL,        -- the event
    update_seq  BIGINT NOT NULL,        -- a further update of it
    PRIMARY KEY (inbox_seq, update_seq)
);

-- Sending. What Telegram has said about a bot or a chat outlasts a restart and holds for all hosts.
ALTER TABLE bots ADD COLUMN hold_until BIGINT NOT NULL DEFAULT 0;  -- nothing is sent before this time
ALTER TABLE outbox ADD COLUMN once BIGINT NOT NULL DEFAULT 0;      -- 1: never again after an attempt without an answer
CREATE TABLE chats (
    bot_id      BIGINT NOT NULL,        -- the bot
    chat_id     BIGINT NOT NULL,        -- the chat
    suspended_at BIGINT,                -- since when nothing can be sent there; null: it can
    reason      TEXT,                   -- what Telegram said then
    moved_to    BIGINT,                 -- the supergroup that this group has become
    PRIMARY KEY (bot_id, chat_id)
);
