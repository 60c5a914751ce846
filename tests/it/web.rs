//! Plugins that ask the Web: what they get, what they never reach, and that an answer is asked for once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::support::process::HostProcess;
use crate::support::{Database, House, Plugin, Site, Street, fixture_granted};
use guesthouse::testing::{Reply, head, page};

const TEXT: (&str, &str) = ("content-type", "text/html; charset=utf-8");

/// The plugin with a grant for these sites.
fn fetcher(sites: &[String]) -> Plugin {
    fixture_granted("fetcher", format!(r#"["chat", "tables", {{ http = {sites:?} }}]"#))
}

/// A site whose answers to `/held` are the test's to give.
struct Held {
    site: Site,
    ways: Arc<std::sync::Mutex<Vec<UnboundedSender<Vec<u8>>>>>,
}

impl Held {
    async fn opens() -> Self {
        let ways = Arc::<std::sync::Mutex<Vec<_>>>::default();
        let (opened, count) = (Arc::clone(&ways), AtomicUsize::new(0));
        let site = Site::opens(move |asked| {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            match asked.path.as_str() {
                "/held" => {
                    let (sender, receiver) = unbounded_channel();
                    opened.lock().expect("a lock").push(sender);
                    Reply::Follows(head(200, &[TEXT, ("connection", "close")]), receiver)
                }
                _ => page(200, &[TEXT], format!("page {number}")),
            }
        })
        .await;
        Self { site, ways }
    }

    async fn was_asked(&self, times: usize) {
        crate::support::until("the site is asked", async || self.site.asked().len() >= times).await;
    }

    /// Gives the answers that are waited for.
    fn answers(&self, text: &str) {
        for way in self.ways.lock().expect("a lock").drain(..) {
            let _ = way.send(text.as_bytes().to_vec());
        }
    }

    fn grant(&self) -> Vec<String> {
        vec![format!("http://{}", self.site.address)]
    }
}

#[tokio::test]
async fn a_plugin_sees_what_its_grant_reaches_and_nothing_else() {
    let secret = Site::opens(|_| page(200, &[TEXT], "secret")).await;
    let to_secret = secret.url("/");
    let site = Site::opens(move |asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("POST", _) => {
            page(200, &[TEXT], format!("{} with {:?}", String::from_utf8_lossy(&asked.body), asked.header("x-fixture")))
        }
        (_, "/cyrillic") => {
            page(200, &[("content-type", "text/html; charset=windows-1251")], b"\xcf\xf0\xe8\xe2\xe5\xf2")
        }
        (_, "/image") => page(200, &[("content-type", "image/png")], b"\x89PNG"),
        (_, "/moved") => page(301, &[("location", "/cyrillic")], ""),
        (_, "/trap") => page(302, &[("location", &to_secret)], ""),
        (_, "/large") => page(200, &[TEXT], "x".repeat(5_000)),
        (_, "/hangs") => Reply::Hangs,
        _ => page(404, &[TEXT], "nothing"),
    })
    .await;
    let (url, grant) = (|path: &str| site.url(path), [format!("http://{}", site.address), "*".to_owned()]);
    let house = House::opens_with(Database::sqlite(), "http_calls = 3\nhttp_s = 5", &[fetcher(&grant)]).await;
    let user = house.person(1002);
    let address = site.address;
    for (said, expected) in [
        (format!("/get {}", url("/moved")), format!("200 http://{address}/cyrillic: Привет")),
        (format!("/get {}", url("/image")), format!("200 http://{address}/image: 4 bytes")),
        (format!("/get {}", url("/nowhere")), format!("404 http://{address}/nowhere: nothing")),
        (format!("/post {} two words", url("/")), format!("200 http://{address}/: two words with Some(\"fetcher\")")),
        (format!("/within {} 5000 5000", url("/large")), format!("200 http://{address}/large: {}", "x".repeat(100))),
    ] {
        user.says(&said).await;
        assert_eq!(user.sees().await, expected);
    }
    for (said, expected) in [
        (format!("/get {}", secret.url("/")), "the grant does not include"),
        (format!("/get {}", url("/trap")), "a redirect leads to"),
        ("/get http://127.0.0.1/".into(), "no public address"),
        ("/get http://localhost/".into(), "no public address"),
        (format!("/get http://[::ffff:127.0.0.1]:{}/", secret.address.port()), "the grant does not include"),
        ("/get nonsense".into(), "no address"),
        (format!("/within {} 5000 4999", url("/large")), "4999"),
        (format!("/within {} 200 4999", url("/hangs")), "refused: "),
        (format!("/many 5 {}", url("/image")), "3 answers, then: refused: "),
    ] {
        user.says(&said).await;
        let seen = user.sees().await;
        assert!(seen.contains("refused: ") && seen.contains(expected), "{said}: {seen}");
    }
    assert_eq!(secret.asked().len(), 0);
    assert_eq!(house.database.number("SELECT COUNT(*) FROM answers").await, 0, "answers end with their events");
    house.closes([user]).await;
}

#[tokio::test]
async fn a_turn_that_runs_again_gets_the_same_answer() {
    for database in Database::each().await {
        let held = Held::opens().await;
        let house = House::opens(database, &[fetcher(&held.grant())]).await;
        let (slow, quick) = (house.person(1002), house.person(1003));
        slow.says(&format!("/visit main {}", held.site.url("/held"))).await;
        held.was_asked(1).await;
        // A quick visit comes between read and write of the slow one.
        quick.says(&format!("/visit main {}", held.site.url("/quick"))).await;
        assert_eq!(quick.sees().await, format!("main 1: 200 {}: page 2", held.site.url("/quick")));
        held.answers("the one page");
        assert_eq!(slow.sees().await, format!("main 2: 200 {}: the one page", held.site.url("/held")));
        assert_eq!(held.site.asked().len(), 2, "the run after the conflict asked nobody");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM answers").await, 0);
        house.closes([slow, quick]).await;
    }
}

/// It may have failed for what it was told.
#[tokio::test]
async fn a_turn_that_failed_asks_anew() {
    for database in Database::each().await {
        let count = AtomicUsize::new(0);
        let site = Site::opens(move |_| {
            page(200, &[TEXT], if count.fetch_add(1, Ordering::SeqCst) < 2 { "not yet" } else { "ready" })
        })
        .await;
        let house = House::opens(database, &[fetcher(&[format!("http://{}", site.address)])]).await;
        let user = house.person(1002);
        user.says(&format!("/flaky {}", site.url("/"))).await;
        assert_eq!(user.sees().await, "it was ready");
        assert_eq!(site.asked().len(), 3);
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn an_answer_outlives_the_host_that_got_it() {
    for database in Database::each().await {
        let held = Held::opens().await;
        let street = Street::opens().await;
        let text = street.configuration(&database, "", &[fetcher(&held.grant())]);
        let user = street.town.person(1002);
        let host = HostProcess::starts(&text);
        user.says(&format!("/both {} {}", held.site.url("/first"), held.site.url("/held"))).await;
        // The second is asked for once the first is written down.
        held.was_asked(2).await;
        host.dies();
        let host = HostProcess::starts(&text);
        held.was_asked(3).await;
        held.answers("the second");
        let (first, second) = (held.site.url("/first"), held.site.url("/held"));
        assert_eq!(user.sees().await, format!("200 {first}: page 1\n200 {second}: the second"));
        let paths: Vec<_> = held.site.asked().into_iter().map(|asked| asked.path).collect();
        assert_eq!(paths, ["/first", "/held", "/held"]);
        host.stops().await;
        database.check().await;
        street.closes().await;
    }
}

#[tokio::test]
async fn waiting_for_the_web_does_not_count_as_the_turns_time_and_has_a_limit() {
    let held = Held::opens().await;
    let limits = "wall_ms = 2000\nhttp_s = 30\noutside_s = 15";
    let house = House::opens_with(Database::sqlite(), limits, &[fetcher(&held.grant())]).await;
    let (user, other) = (house.person(1002), house.person(1003));
    user.says(&format!("/get {}", held.site.url("/held"))).await;
    held.was_asked(1).await;
    // Longer than a turn may last, and no transaction is open meanwhile: others write.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    other.says(&format!("/visit main {}", held.site.url("/"))).await;
    assert!(other.sees().await.starts_with("main 1: 200"));
    held.answers("late");
    assert_eq!(user.sees().await, format!("200 {}: late", held.site.url("/held")));
    // Three times as long as the turn may wait altogether: the first is cut short, the others are not made.
    user.says(&format!("/many 3 {}", held.site.url("/held"))).await;
    let seen = user.sees().await;
    assert!(seen.starts_with("0 answers, then: refused: ") && seen.contains("limits.outside_s"), "{seen}");
    assert_eq!(held.site.asked().len(), 3);
    house.closes([user, other]).await;
}

#[tokio::test]
async fn sites_are_granted_one_by_one_and_what_is_none_is_refused() {
    let refusal = async |grant: &str| {
        let street = Street::opens().await;
        let text = street.configuration(&Database::sqlite(), "", &[fixture_granted("fetcher", grant)]);
        let refusal = match crate::support::start(&text).await {
            Ok(_) => panic!("{grant} was taken"),
            Err(error) => format!("{error:#}"),
        };
        street.closes().await;
        refusal
    };
    let plain = refusal(r#"["chat", "tables", "http"]"#).await;
    assert!(plain.contains("`http` is granted host by host\nhint: write { http = [\"example.org\""), "{plain}");
    let wrong = refusal(r#"["chat", "tables", { http = ["https://example.org/path"] }]"#).await;
    assert!(wrong.contains("`https://example.org/path` is no site: hosts are granted as a whole"), "{wrong}");
    assert!(wrong.contains("\nhint: write a host"), "{wrong}");
    let missing = refusal(r#"["chat", "tables"]"#).await;
    assert!(
        missing.ends_with("hint: add { http = [\"<host>\"] } to bot.plugins.fetcher.grant in guesthouse.toml"),
        "{missing}"
    );
}
