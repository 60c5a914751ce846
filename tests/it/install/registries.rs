//! From a real registry: published, installed by tag and by digest, upgraded where a tag has moved, and refused where somebody
//! has touched it.

use base64::Engine as _;

use super::{Desk, file};
use crate::support::Site;
use crate::support::registry::{LOG_IN, Registry};
use guesthouse::testing::page;

#[tokio::test]
async fn a_plugin_is_published_installed_and_upgraded() {
    let Some(registry) = Registry::opens(true).await else { return };
    let desk = Desk::opens().await;
    let name = registry.name("ann/guest:stable");
    let error = desk.refuses(&["add", &name, "--yes"]).await;
    assert!(error.contains(&format!("`{name}` does not exist")), "{error}");

    let said = desk.plugin(&["publish", &file("give-up").0, &name]).await.done();
    let by_digest = said.trim_end().rsplit(' ').next().expect("a name").trim_end_matches('.').to_owned();
    assert!(by_digest.starts_with(&registry.name("ann/guest@sha256:")), "{said}");
    desk.plugin(&["add", &name, "--name", "guest", "--yes"]).await.done();
    desk.plugin(&["add", &by_digest, "--name", "same", "--yes"]).await.done();
    let lock = desk.lock();
    assert_eq!(lock["plugin"][0]["digest"].as_str(), Some(file("give-up").1));
    assert_eq!(lock["plugin"][0]["digest"], lock["plugin"][1]["digest"]);
    assert_eq!(lock["plugin"][1]["source"].as_str(), Some(by_digest.as_str()));
    desk.plugin(&["remove", "same"]).await.done();
    desk.talks("/ping", "pong").await;

    // As the Wasm working group has it, for other tools.
    let digest = by_digest.rsplit(':').next().expect("a digest");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(registry.blob(digest)).expect("a blob")).expect("JSON");
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    assert_eq!(manifest["layers"].as_array().map(Vec::len), Some(1));
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert_eq!(manifest["annotations"]["org.opencontainers.image.version"], "0.1.0");
    let config = manifest["config"]["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    let config = std::fs::read(registry.blob(config.expect("a digest"))).expect("a blob");
    let config: serde_json::Value = serde_json::from_slice(&config).expect("JSON");
    assert_eq!(config["layerDigests"][0], format!("sha256:{}", file("give-up").1));
    assert!(config["component"]["imports"].to_string().contains("guesthouse:plugin/chat@0.1.0"), "{config}");

    // The tag moves; what is installed does not, until it is upgraded.
    desk.plugin(&["publish", &file("retry").0, &name]).await.done();
    desk.talks("/ping", "pong").await;
    let said = desk.plugin(&["upgrade", "guest"]).await.done();
    assert!(said.contains("  - command     /give_up: Fail with the reason given\n"), "{said}");
    desk.talks("/ping", "done: ping").await;
    desk.plugin(&["rollback", "guest"]).await.done();
    desk.talks("/ping", "pong").await;

    // Somebody with a hand on the registry's disk.
    std::fs::write(registry.blob(file("retry").1), guesthouse_fixtures::get("spin").component).expect("a blob");
    let error = desk.refuses(&["upgrade", "guest"]).await;
    assert!(error.contains("are not those of its digest"), "{error}");
    desk.closes().await;
}

#[tokio::test]
async fn a_registry_may_want_to_know_who_asks() {
    let Some(registry) = Registry::opens(false).await else { return };
    let desk = Desk::opens().await;
    let (name, path) = (registry.name("ann/guest:1"), file("give-up").0);
    let error = desk.refuses(&["publish", &path, &name]).await;
    let hint =
        format!("the registry does not let you at `{name}`\nhint: log in with `docker login {}`", registry.address);
    assert!(error.contains(&hint), "{error}");

    let log_in = |password: &str| {
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{}:{password}", LOG_IN.0));
        let text = serde_json::json!({ "auths": { &registry.address: { "auth": auth } } }).to_string();
        std::fs::create_dir_all(desk.folder.path().join(".docker")).expect("a folder");
        std::fs::write(desk.folder.path().join(".docker/config.json"), text).expect("a file");
    };
    log_in("wrong");
    let error = desk.refuses(&["publish", &path, &name]).await;
    assert!(error.contains(&hint) && !error.contains("wrong"), "{error}");
    log_in(LOG_IN.1);
    desk.plugin(&["publish", &path, &name]).await.done();
    let said = desk.plugin(&["add", &name, "--name", "guest", "--yes"]).await;
    assert!(!said.error.contains(LOG_IN.1), "the password stands in the log: {}", said.error);
    said.done();
    desk.talks("/ping", "pong").await;
    desk.closes().await;
}

/// What a registry can hold, and what one can say that no good one says.
#[tokio::test]
async fn what_a_registry_has_may_be_no_component() {
    let desk = Desk::opens().await;
    let site = Site::opens(|asked| {
        let layer = |media: &str, size: u64| {
            let digest = format!("sha256:{}", "1".repeat(64));
            serde_json::json!({ "mediaType": media, "digest": digest, "size": size })
        };
        let manifest = |layers: serde_json::Value| {
            let image = "application/vnd.oci.image.manifest.v1+json";
            let config = layer("application/vnd.wasm.config.v0+json", 2);
            let text =
                serde_json::json!({ "schemaVersion": 2, "mediaType": image, "config": config, "layers": layers });
            page(200, &[("content-type", image)], text.to_string())
        };
        match asked.path.as_str() {
            "/v2/image/manifests/1" => {
                manifest(serde_json::json!([layer("application/vnd.oci.image.layer.v1.tar", 9)]))
            }
            "/v2/two/manifests/1" => {
                manifest(serde_json::json!([layer("application/wasm", 9), layer("application/wasm", 9)]))
            }
            "/v2/large/manifests/1" => manifest(serde_json::json!([layer("application/wasm", 1 << 40)])),
            "/v2/liar/manifests/1" => manifest(serde_json::json!([layer("application/wasm", 9)])),
            path if path.starts_with("/v2/liar/blobs/") => page(200, &[], vec![0; 3 << 20]),
            "/v2/" => page(200, &[], "{}"),
            _ => page(500, &[], "no"),
        }
    })
    .await;
    for (name, reason) in [
        ("image", "is `application/vnd.oci.image.layer.v1.tar`, not a component"),
        ("two", "is an artifact of 2 layers, not a component"),
        ("large", "has more than the 1 MiB that are allowed"),
        ("liar", "has more than the 1 MiB that are allowed"),
        ("broken", "the registry answers 500"),
    ] {
        let error = desk.refuses(&["add", &format!("oci://{}/{name}:1", site.address), "--yes"]).await;
        assert!(error.contains(reason), "{name}: {error}");
    }
    desk.closes().await;
}
