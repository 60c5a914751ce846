//! What `wit-bindgen` makes of the contract in `wit/`. Nobody outside this crate sees it: the public modules re-export
//! its types one by one.

#![allow(
    missing_docs,
    unsafe_code,
    reason = "generated; the documentation of the public parts is that of the contract"
)]

wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "__export_world",
    default_bindings_module: "guesthouse_plugin::__private",
});
