//! The two functions that a plugin is, and the macro that makes a component of them.

use crate::{Event, Failure, Manifest};

/// A plugin: what the host calls.
///
/// The value is made once, before [`describe`](Self::describe), and every turn borrows a fresh copy of it: put into it
/// whatever is expensive to make (compiled patterns, parsed tables). Only [`config`](crate::config) and
/// [`log`](crate::log) answer while it is made and described.
pub trait Plugin {
    /// Makes the value that all turns share.
    fn new() -> Self;

    /// Says what the plugin is and what it wants.
    fn describe(&self) -> Manifest;

    /// Handles one event. Everything asked for takes effect together if this returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`Failure::Retry`] lets the host run the turn again after a pause; after [`Failure::GiveUp`] the event becomes a
    /// dead letter. The reason is for the operator, the person in the chat never sees it.
    fn handle(&self, event: Event) -> Result<(), Failure>;
}

/// Makes a component of a type that implements [`Plugin`]. Once in a crate, in any of its modules.
///
/// ```
/// # use guesthouse_plugin::{Event, Failure, Manifest, Plugin};
/// struct Quiet;
///
/// impl Plugin for Quiet {
///     fn new() -> Self {
///         Quiet
///     }
///     fn describe(&self) -> Manifest {
///         Manifest::new("quiet", "0.1.0", "Says nothing.")
///     }
///     fn handle(&self, _: Event) -> Result<(), Failure> {
///         Ok(())
///     }
/// }
///
/// guesthouse_plugin::export!(Quiet);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        const _: () = {
            // Leaked, so that no destructor is registered: the snapshot is taken while the value lives.
            ::std::thread_local! {
                static PLUGIN: &'static $plugin =
                    ::std::boxed::Box::leak(::std::boxed::Box::new(<$plugin as $crate::Plugin>::new()));
            }

            struct Exported;

            impl $crate::__private::Guest for Exported {
                fn describe() -> $crate::Manifest {
                    PLUGIN.with(|plugin| $crate::Plugin::describe(*plugin))
                }

                fn handle(event: $crate::Event) -> ::std::result::Result<(), $crate::Failure> {
                    PLUGIN.with(|plugin| $crate::Plugin::handle(*plugin, event))
                }
            }

            // Natively the names would be symbols of the whole program, of which only one plugin could make them.
            #[cfg(target_family = "wasm")]
            $crate::__private::__export_world! { Exported with_types_in $crate::__private }

            // Then nobody calls it, and the compiler would find all of the plugin unused.
            #[cfg(not(target_family = "wasm"))]
            const _: (fn() -> $crate::Manifest, fn($crate::Event) -> ::std::result::Result<(), $crate::Failure>) =
                (<Exported as $crate::__private::Guest>::describe, <Exported as $crate::__private::Guest>::handle);
        };
    };
}
