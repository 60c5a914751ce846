//! Requests to a site on this machine that does what a good one never does. Names are looked up in a list of the test's
//! own, so that a public name can lead anywhere.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::FutureExt;

use super::*;
use crate::model::web::WebBody;
use crate::testing::{Asked, Reply, Site, head, page};

const BOUNDS: WebBounds = WebBounds { time: Duration::from_secs(10), bytes: 1 << 20 };

/// A Web in which every name leads to these addresses, a further one at each look-up.
fn web(addresses: &[&[&str]]) -> Fetcher {
    let addresses: Vec<Vec<SocketAddr>> = addresses
        .iter()
        .map(|some| some.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect())
        .collect();
    let turn = AtomicUsize::new(0);
    let lookup: Lookup = Arc::new(move |_| {
        let turn = turn.fetch_add(1, Ordering::SeqCst).min(addresses.len() - 1);
        let found = addresses[turn].clone();
        async move { Ok(found) }.boxed()
    });
    Web::resolved_by(lookup, None).unwrap().fetcher()
}

fn sites(entries: &[&str]) -> Sites {
    let mut sites = Sites::default();
    entries.iter().for_each(|entry| sites.add(entry).unwrap());
    sites
}

fn get(url: impl Into<String>) -> WebRequest {
    let (headers, body) = (Vec::new(), None);
    WebRequest { method: WebMethod::Get, url: url.into(), headers, body, timeout_ms: None, max_bytes: None }
}

/// A Web as it is, with just this site granted.
fn only(site: &Site) -> (Fetcher, Sites) {
    (Web::new().unwrap().fetcher(), sites(&[&format!("http://{}", site.address)]))
}

fn text(response: WebResponse) -> String {
    match response.body {
        WebBody::Text(text) => text,
        WebBody::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

const TEXT: (&str, &str) = ("content-type", "text/plain");

#[tokio::test]
async fn an_answer_as_it_is() {
    let site =
        Site::opens(|asked| page(404, &[TEXT, ("set-cookie", "a=b"), ("X-Path", &asked.path)], "nothing here")).await;
    let (web, sites) = only(&site);
    let answer = web.fetch(&get(site.url("/a?b=c#d")), &sites, BOUNDS).await.unwrap();
    assert_eq!((answer.status, answer.url.as_str()), (404, site.url("/a?b=c").as_str()));
    assert!(answer.headers.contains(&("x-path".into(), "/a?b=c".into())), "{:?}", answer.headers);
    assert!(answer.headers.iter().all(|(name, _)| name != "set-cookie"));
    assert_eq!(text(answer), "nothing here");
    let asked = &site.asked()[0];
    let accepts = asked.header("accept-encoding").unwrap_or_default();
    assert!(["gzip", "br", "deflate"].iter().all(|packed| accepts.contains(packed)), "{accepts}");
    assert!(asked.header("user-agent").unwrap().starts_with("guesthouse/"));
    assert_eq!(asked.header("cookie"), None);
}

#[tokio::test]
async fn what_is_sent_arrives() {
    let site = Site::opens(|_| page(201, &[], "")).await;
    let (web, sites) = only(&site);
    let mut post = get(site.url("/"));
    (post.method, post.body) = (WebMethod::Post, Some(Bytes::from_static(b"{}")));
    post.headers = vec![("Content-Type".into(), "application/json".into()), ("user-agent".into(), "mine".into())];
    assert_eq!(web.fetch(&post, &sites, BOUNDS).await.unwrap().status, 201);
    let asked = &site.asked()[0];
    assert_eq!((asked.method.as_str(), asked.body.as_slice()), ("POST", &b"{}"[..]));
    assert_eq!((asked.header("content-type"), asked.header("user-agent")), (Some("application/json"), Some("mine")));
}

#[tokio::test]
async fn a_name_that_leads_into_the_private_network_is_not_followed() {
    let site = Site::opens(|_| page(200, &[TEXT], "secret")).await;
    let port = site.address.port();
    let grant = sites(&["*", &format!("*.example.org:{port}")]);
    let refused = "`a.example.org`, which has no public address";
    for addresses in
        [&["127.0.0.1"][..], &["127.0.0.1", "10.0.0.1"], &["::1"], &["::ffff:127.0.0.1"], &["64:ff9b::7f00:1"]]
    {
        let answer = web(&[addresses]).fetch(&get(format!("http://a.example.org:{port}/")), &grant, BOUNDS).await;
        assert_eq!(answer, Err(WebError::NotAllowed(refused.into())), "{addresses:?}");
    }
    for url in
        ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/"]
    {
        let answer = web(&[&["8.8.8.8"]]).fetch(&get(url), &grant, BOUNDS).await;
        assert!(
            matches!(&answer, Err(WebError::NotAllowed(why)) if why.ends_with("which is no public address")),
            "{url}"
        );
    }
    assert_eq!(site.asked().len(), 0, "nothing reached it");
}

/// The second look-up of a name is the one that an attacker changes; here there is none.
#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let site = Site::opens(|_| page(200, &[TEXT], "secret")).await;
    let port = site.address.port();
    let (grant, url) = (sites(&[&format!("*.example.org:{port}")]), format!("http://a.example.org:{port}/"));
    // One of its addresses is this machine's. The other one is nobody's since the 6bone ended, so were the private one
    // not left out, it would be the one that answers.
    let bounds = WebBounds { time: Duration::from_millis(1_500), ..BOUNDS };
    let mixed = web(&[&["3ffe::1", "127.0.0.1"]]);
    let answer = mixed.fetch(&get(&url), &grant, bounds).await;
    assert!(matches!(answer, Err(WebError::Timeout | WebError::Unreachable(_))), "{answer:?}");
    let rebinding = web(&[&["3ffe::1"], &["127.0.0.1"]]);
    for _ in 0..2 {
        let answer = rebinding.fetch(&get(&url), &grant, bounds).await;
        assert!(answer.is_err(), "{answer:?}");
    }
    assert_eq!(site.asked().len(), 0, "nothing reached it");
}

#[tokio::test]
async fn a_named_host_may_be_private_and_its_connections_are_nobody_elses() {
    let site = Site::opens(|_| page(200, &[TEXT], "hello")).await;
    let port = site.address.port();
    let (named, below) = (sites(&[&format!("a.example.org:{port}")]), sites(&[&format!("*.example.org:{port}")]));
    let (web, url) = (web(&[&["127.0.0.1"]]), format!("http://a.example.org:{port}/"));
    assert_eq!(web.fetch(&get(&url), &named, BOUNDS).await.map(text), Ok("hello".into()));
    // The connection is open still. Whoever may not open it does not find it either.
    assert!(matches!(web.fetch(&get(&url), &below, BOUNDS).await, Err(WebError::NotAllowed(_))));
    assert_eq!(web.fetch(&get(&url), &named, BOUNDS).await.map(text), Ok("hello".into()));
    assert_eq!(site.asked().len(), 2);
}

#[tokio::test]
async fn every_redirect_is_checked() {
    let site = Site::opens(|asked| {
        let host = asked.header("host").unwrap();
        let to = |to: &str| page(302, &[("location", to)], "");
        match asked.path.as_str() {
            "/twice" => to("/once"),
            "/once" => to("there?x=1"),
            "/elsewhere" => to("https://elsewhere.org/a"),
            "/private" => to("http://169.254.169.254/latest/meta-data"),
            "/port" => to(&format!("http://{}:1/", host.split(':').next().unwrap())),
            "/file" => to("file:///etc/passwd"),
            "/name" => to(&format!("http://inner.example.org:{}/secret", host.split(':').nth(1).unwrap())),
            "/nowhere" => to("http://"),
            "/circle" => to("/circle"),
            path if path.starts_with("/count/") => match path[7..].parse::<u32>().unwrap() {
                0 => page(200, &[TEXT], "there"),
                left => to(&format!("/count/{}", left - 1)),
            },
            "/there?x=1" => page(200, &[TEXT], "there"),
            _ => page(500, &[], ""),
        }
    })
    .await;
    let port = site.address.port();
    let (grant, web) =
        (sites(&[&format!("http://{}", site.address), "*", &format!("*.example.org:{port}")]), web(&[&["127.0.0.1"]]));
    let fetch = async |path: &str| web.fetch(&get(site.url(path)), &grant, BOUNDS).await;
    let answer = fetch("/twice").await.unwrap();
    assert_eq!(answer.url, site.url("/there?x=1"));
    let refused = async |path: &str| match fetch(path).await {
        Err(WebError::NotAllowed(why) | WebError::Unreachable(why)) => why,
        other => panic!("{path}: {other:?}"),
    };
    assert_eq!(refused("/private").await, "a redirect leads to `http://169.254.169.254`, which is no public address");
    assert_eq!(refused("/elsewhere").await, "a redirect leads to `elsewhere.org`, which has no public address");
    assert_eq!(refused("/name").await, "a redirect leads to `inner.example.org`, which has no public address");
    assert_eq!(refused("/port").await, "a redirect leads to `http://127.0.0.1:1`, which the grant does not include");
    assert_eq!(refused("/file").await, "a redirect leads to `null`, which the grant does not include");
    assert!(refused("/nowhere").await.ends_with("redirects to something that is no address"));
    assert_eq!(fetch("/count/10").await.map(text), Ok("there".into()));
    assert_eq!(refused("/count/11").await, "more than 10 redirects");
    let before = site.asked().len();
    assert_eq!(refused("/circle").await, "more than 10 redirects");
    assert_eq!(site.asked().len() - before, 11);
}

#[tokio::test]
async fn a_secret_is_not_carried_to_another_origin() {
    let other = Site::opens(|_| page(200, &[TEXT], "thank you")).await;
    let to = other.url("/");
    let site = Site::opens(move |_| page(307, &[("location", &to)], "")).await;
    let grant = sites(&[&format!("http://{}", site.address), &format!("http://{}", other.address)]);
    let mut request = get(site.url("/"));
    request.headers = vec![("authorization".into(), "Bearer s3cr3t".into()), ("accept".into(), "text/plain".into())];
    Web::new().unwrap().fetcher().fetch(&request, &grant, BOUNDS).await.unwrap();
    let header = |asked: Vec<Asked>, name: &str| asked[0].header(name).map(str::to_owned);
    assert_eq!(header(site.asked(), "authorization").as_deref(), Some("Bearer s3cr3t"));
    assert_eq!(header(other.asked(), "authorization"), None);
    assert_eq!(header(other.asked(), "accept").as_deref(), Some("text/plain"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[tokio::test]
async fn a_body_is_bounded_however_it_comes() {
    const MIB: usize = 1 << 20;
    let site = Site::opens(|asked| match asked.path.as_str() {
        "/fits" => page(200, &[TEXT], "x".repeat(MIB)),
        "/declared" => page(200, &[TEXT], "x".repeat(MIB + 1)),
        "/endless" => Reply::Floods(head(200, &[TEXT]), vec![b'x'; 10_000]),
        "/packed" => page(200, &[TEXT, ("content-encoding", "gzip")], gzip("Привет".as_bytes())),
        "/bomb" => page(200, &[TEXT, ("content-encoding", "gzip")], gzip(&vec![b'x'; 200 * MIB])),
        "/matryoshka" => page(200, &[TEXT, ("content-encoding", "gzip, gzip")], gzip(&gzip(&vec![b'x'; 200 * MIB]))),
        "/damaged" => page(200, &[TEXT, ("content-encoding", "gzip")], "this is no gzip"),
        _ => Reply::Breaks([head(200, &[TEXT, ("content-length", "100")]), b"half".to_vec()].concat()),
    })
    .await;
    let (web, sites) = only(&site);
    let fetch = async |path: &str| web.fetch(&get(site.url(path)), &sites, BOUNDS).await;
    assert_eq!(fetch("/fits").await.map(|answer| answer.body.len()), Ok(MIB));
    for path in ["/declared", "/endless", "/bomb"] {
        assert_eq!(fetch(path).await, Err(WebError::TooLarge(1 << 20)), "{path}");
    }
    let packed = fetch("/packed").await.unwrap();
    assert!(packed.headers.iter().all(|(name, _)| name != "content-encoding" && name != "content-length"));
    assert_eq!(text(packed), "Привет");
    // Of what is packed twice, as no good server does it, at most one layer is taken off.
    assert!(fetch("/matryoshka").await.is_ok_and(|answer| answer.body.len() < MIB));
    for path in ["/damaged", "/broken"] {
        assert!(matches!(fetch(path).await, Err(WebError::Unreachable(why)) if why.contains("damaged")), "{path}");
    }
}

#[tokio::test]
async fn time_is_bounded_however_it_passes() {
    let site = Site::opens(|asked| match asked.path.as_str() {
        "/hangs" => Reply::Hangs,
        "/head" => Reply::Drips(head(200, &[("x-long", &"x".repeat(5_000))]), Duration::from_millis(10)),
        "/body" => Reply::Drips([head(200, &[TEXT]), vec![b'x'; 5_000]].concat(), Duration::from_millis(10)),
        _ => page(302, &[("location", "/hangs")], ""),
    })
    .await;
    let (web, sites) = only(&site);
    let bounds = WebBounds { time: Duration::from_millis(300), ..BOUNDS };
    for path in ["/hangs", "/head", "/body", "/redirect"] {
        assert_eq!(web.fetch(&get(site.url(path)), &sites, bounds).await, Err(WebError::Timeout), "{path}");
    }
}

#[tokio::test]
async fn a_plugin_whose_sites_are_slow_does_not_take_all_sockets() {
    let site =
        Site::opens(|asked| if asked.path == "/slow" { Reply::Hangs } else { page(200, &[TEXT], "quick") }).await;
    let web = Web::new().unwrap();
    let (slow, quick, sites) = (web.fetcher(), web.fetcher(), sites(&[&format!("http://{}", site.address)]));
    let request = get(site.url("/slow"));
    let many = futures_util::future::join_all((0..500).map(|_| slow.fetch(&request, &sites, BOUNDS)));
    let one = async {
        while site.asked().len() < OF_ONE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let answer = quick.fetch(&get(site.url("/")), &sites, BOUNDS).await.map(text);
        let of_slow = site.asked().iter().filter(|asked| asked.path == "/slow").count();
        (answer, of_slow)
    };
    tokio::select! {
        _ = many => panic!("a slow site answered"),
        (answer, of_slow) = one => assert_eq!((answer, of_slow), (Ok("quick".into()), OF_ONE)),
    }
}

#[tokio::test]
async fn what_nobody_answers_is_unreachable() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let grant = sites(&[&format!("http://{closed}"), "nowhere.invalid"]);
    let web = Web::new().unwrap().fetcher();
    let answer = web.fetch(&get(format!("http://{closed}/")), &grant, BOUNDS).await;
    assert!(matches!(&answer, Err(WebError::Unreachable(why)) if why.contains("refused")), "{answer:?}");
    let answer = web.fetch(&get("http://nowhere.invalid/"), &grant, BOUNDS).await;
    assert!(matches!(answer, Err(WebError::Unreachable(_))), "{answer:?}");
    let garbage = Site::opens(|_| Reply::Breaks(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec())).await;
    let (web, sites) = only(&garbage);
    assert!(matches!(web.fetch(&get(garbage.url("/")), &sites, BOUNDS).await, Err(WebError::Unreachable(_))));
}

#[tokio::test]
async fn a_gateway_answers_for_every_site_that_may_be_asked() {
    let site = Site::opens(|asked| page(200, &[TEXT], format!("{} {}", asked.method, asked.url()))).await;
    let fetcher = Web::through(Url::parse(&site.url("/")).unwrap()).unwrap().fetcher();
    let sites = sites(&["*.example.org"]);
    let answer = fetcher.fetch(&get("https://a.example.org/b?c"), &sites, BOUNDS).await.unwrap();
    assert_eq!(
        (answer.url.as_str(), text(answer.clone()).as_str()),
        ("https://a.example.org/b?c", "GET https://a.example.org/b?c")
    );
    // What may be asked is the same as without one.
    for refused in ["https://example.net/", "http://127.0.0.1/"] {
        let answer = fetcher.fetch(&get(refused), &sites, BOUNDS).await;
        assert!(matches!(answer, Err(WebError::NotAllowed(_))), "{refused}");
    }
    assert_eq!(site.asked().len(), 1);
}
