"""What a plugin is called with. ``case Event.Command(command):`` takes an event apart."""

from __future__ import annotations

import json
from typing import Any

from wit_world.imports import events, types

from ._errors import Failure

#: Any event, for annotations.
AnyEvent = events.Event


class Event:
    """The kinds of events, for ``match``: each carries one value."""

    Message = events.Event_Message
    EditedMessage = events.Event_EditedMessage
    Command = events.Event_Command
    DeepLink = events.Event_DeepLink
    Callback = events.Event_Callback
    ChannelPost = events.Event_ChannelPost
    EditedChannelPost = events.Event_EditedChannelPost
    Album = events.Event_Album
    Member = events.Event_Member
    Timer = events.Event_Timer
    Schedule = events.Event_Schedule
    Request = events.Event_Request
    Other = events.Event_Other


def pressed(callback: events.Callback) -> Any:
    """What a button carries, as ``Button.call`` put it there. Buttons outlive versions of the plugin, so it may not fit."""
    try:
        return json.loads(callback.data)
    except ValueError:
        raise Failure.give_up(f"a button's data are not JSON: {callback.data[:80]}") from None


def full_name(user: types.User) -> str:
    """First and last name."""
    return user.first_name if user.last_name is None else f"{user.first_name} {user.last_name}"
