//! Sites that are linked to say in their `robots.txt` what programs may read, and are asked for that first.

use guesthouse::clock::Clock;

use super::town::Stands;
use super::*;

const ROBOTS: &str =
    "User-agent: somebody-else\nDisallow: /\n\nUser-agent: *\nDisallow: /private\nAllow: /private/notice\n";

/// The state of every linked page, in the order of their addresses.
const PAGES: &str = "SELECT status || ': ' || COALESCE(problem, title) FROM channels__pages ORDER BY url";

fn link(site: &Previews, path: &str) -> String {
    format!("<a href=\"{}\" target=\"_blank\">more</a>", site.site.url(path))
}

#[tokio::test]
async fn what_a_site_forbids_is_not_read() {
    for database in Database::each().await {
        let site = Previews::open().await;
        site.puts("/robots.txt", Stands::Html(ROBOTS.into()));
        site.puts(
            "/private/notice",
            Stands::Html(include_str!("../../../plugins/channels/fixtures/article.html").into()),
        );
        let posts = [
            old(1, &format!("The mill: {}", link(&site, "/article/mill"))),
            old(2, &format!("The plan: {}", link(&site, "/private/plan?page=2"))),
            old(3, &format!("The notice: {}", link(&site, "/private/notice"))),
        ];
        site.shows("town", &posts);
        let house = House::opens(database, &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__pages WHERE status <> 'Due'", 3).await;
        let read = house.database.texts(PAGES).await;
        let forbidden = "Failed: its robots.txt does not let it be read";
        assert_eq!(read, ["Done: The mill opens", "Done: The mill opens", forbidden]);
        assert_eq!(site.asked("/private/plan?page=2"), 0);
        assert_eq!(site.asked("/robots.txt"), 1, "one answer holds for a day");
        close(house, ada).await;
    }
}

#[tokio::test]
async fn where_a_link_leads_on_to_another_site_that_one_is_asked_too() {
    for database in Database::each().await {
        let (site, other) = (Previews::open().await, Previews::open().await);
        other.puts("/robots.txt", Stands::Html(ROBOTS.into()));
        let article = include_str!("../../../plugins/channels/fixtures/article.html");
        other.puts("/private/plan", Stands::Html(article.into()));
        site.puts("/1/open", Stands::Leads(other.site.url("/article/mill")));
        site.puts("/2/closed", Stands::Leads(other.site.url("/private/plan")));
        let posts = [
            old(1, &format!("The mill: {}", link(&site, "/1/open"))),
            old(2, &format!("The plan: {}", link(&site, "/2/closed"))),
        ];
        site.shows("town", &posts);
        let (here, there) = (site.site.url(""), other.site.url(""));
        let grant = format!(
            r#"["chat", "tables", "dialogue", "timers", {{ chat = ["*"] }}, {{ http = ["{here}", "{there}"] }}]"#
        );
        let house = House::opens(database, &[site.plugin("").granted(grant)]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__pages WHERE status <> 'Due'", 2).await;
        let forbidden = format!("Failed: it leads to `{there}`, whose robots.txt does not let it be read");
        assert_eq!(house.database.texts(PAGES).await, ["Done: The mill opens", &forbidden]);
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__pages WHERE body IS NOT NULL").await, 1);
        assert_eq!((site.asked("/robots.txt"), other.asked("/robots.txt")), (1, 1));
        close(house, ada).await;
    }
}

#[tokio::test]
async fn a_site_that_does_not_say_is_left_alone_for_a_while() {
    for database in Database::each().await {
        let site = Previews::open().await;
        site.puts("/robots.txt", Stands::Status(503));
        site.shows("town", &[old(1, &format!("The mill: {}", link(&site, "/article/mill")))]);
        let clock = Clock::manual(Clock::system().now());
        let house = House::opens_at(clock, database, "", &[site.plugin("")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        house.database.comes_to("SELECT COALESCE(MAX(attempts), 0) FROM channels__pages", 1).await;
        assert_eq!(house.database.texts(PAGES).await, ["Due: its robots.txt answered 503"]);
        assert_eq!(site.asked("/article/mill"), 0);
        // One that has no such file forbids nothing.
        site.puts("/robots.txt", Stands::Status(404));
        house.passes_until("SELECT COUNT(*) FROM channels__pages WHERE status = 'Done'", 1).await;
        assert_eq!((site.asked("/robots.txt"), site.asked("/article/mill")), (2, 1));
        close(house, ada).await;
    }
}
