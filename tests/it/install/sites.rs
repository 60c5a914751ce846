//! From an address of the Web, with a site that does all that a good one never does.

use super::Desk;
use crate::support::Site;
use guesthouse::testing::{Reply, head, page};

#[tokio::test]
async fn an_address_is_fetched_and_every_fault_on_the_way_is_named() {
    let desk = Desk::opens().await;
    let whole = guesthouse_fixtures::get("give-up");
    let site = Site::opens(move |asked| match asked.path.as_str() {
        "/guest.wasm" => page(200, &[("content-type", "application/wasm")], whole.component),
        "/latest" => page(302, &[("location", "/guest.wasm")], ""),
        "/round" => page(302, &[("location", "/round")], ""),
        "/garbage.wasm" => page(200, &[], "<html>not found</html>"),
        "/cut.wasm" => {
            let mut all = head(200, &[("content-length", "1000000")]);
            all.extend_from_slice(&whole.component[..1_000]);
            Reply::Breaks(all)
        }
        // It does not say how much it has.
        "/flood.wasm" => Reply::Floods(head(200, &[]), vec![0; 1 << 16]),
        "/slow.wasm" => Reply::Hangs,
        "/broken.wasm" => page(500, &[], "no"),
        _ => page(404, &[], "no"),
    })
    .await;
    let cases = [
        ("/garbage.wasm", "the source of plugin `garbage` is no WebAssembly"),
        ("/cut.wasm", "was not fetched: "),
        ("/flood.wasm", "has more than the 1 MiB that are allowed"),
        ("/slow.wasm", "did not come within 1 s"),
        ("/broken.wasm", "the site answers 500"),
        ("/nothing.wasm", "does not exist: 404"),
        ("/round", "it is redirected again and again"),
    ];
    for (path, reason) in cases {
        // The time is short for the one that waits for it alone: the others end by themselves.
        let seconds = if path == "/slow.wasm" { "1" } else { "60" };
        let error = desk.refuses(&["add", &site.url(path), "--yes", "--timeout", seconds]).await;
        assert!(error.contains(reason), "{path}: {error}");
    }
    let error = desk.refuses(&["add", "http://198.51.100.7/guest.wasm", "--yes"]).await;
    assert!(error.contains("would come without TLS"), "{error}");

    desk.plugin(&["add", &site.url("/latest"), "--name", "guest", "--yes", "--sha256", whole.digest]).await.done();
    assert_eq!(desk.lock()["plugin"][0]["source"].as_str(), Some(site.url("/latest").as_str()));
    desk.talks("/ping", "pong").await;
    desk.closes().await;
}
