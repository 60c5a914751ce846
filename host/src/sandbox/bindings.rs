//! The contract of `wit/` as Rust types; nothing is decided here. Next: `host`, which implements what a guest imports.
//!
//! Functions behind which an I/O may wait are async: the guest is then a suspended fiber, not a blocked thread. All may
//! trap, because a guest that makes too many calls is ended.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    imports: {
        "guesthouse:plugin/chat.answer-callback": trappable,
        "guesthouse:plugin/chat": async | trappable,
        "guesthouse:plugin/tables": async | trappable,
        "guesthouse:plugin/telegram": async | trappable,
        "guesthouse:plugin/dialogue.get": async | trappable,
        "guesthouse:plugin/files": async | trappable,
        "guesthouse:plugin/http": async | trappable,
        "guesthouse:plugin/llm": async | trappable,
        "guesthouse:plugin/timers": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});
