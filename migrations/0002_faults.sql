-- What it takes to live with faults: deadlines, dead letters, alerts, albums, chats that are gone, pauses that last.
-- works beside: 1

-- The oldest hosts that can go on working beside a schema.
ALTER TABLE migrations ADD COLUMN beside BIGINT; -- the oldest schema whose hosts can use this one too; null: none

-- Deadlines and dead letters. Two more states of `inbox`: 3 is expired, nobody waits for an answer any more; 4 is dropped,
-- a dead letter that an operator has put away.
ALTER TABLE inbox ADD COLUMN expires_at BIGINT;  -- worthless after this time; null: as the kind of its update says
ALTER TABLE inbox ADD COLUMN digest TEXT;        -- the component whose turn failed last: its SHA-256 in hexadecimal
CREATE INDEX inbox_dead ON inbox (seq) WHERE state = 2;

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
    chat_id     BIGINT NOT NULL,        -- a chat that is not, or not any more, what it was
    suspended_at BIGINT,                -- when the call was made that showed it cannot be written to; null: it can
    reason      TEXT,                   -- what Telegram said then
    moved_to    BIGINT,                 -- the supergroup that this group has become
    PRIMARY KEY (bot_id, chat_id)
);
CREATE INDEX chats_suspended ON chats (bot_id) WHERE suspended_at IS NOT NULL;
CREATE INDEX chats_moved ON chats (bot_id, moved_to) WHERE moved_to IS NOT NULL;
CREATE INDEX lanes_sending ON lanes (bot_id, due_at) WHERE kind = 2 AND due_at IS NOT NULL;
