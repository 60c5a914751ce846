//! What happens by itself when its time comes: reading by the schedule, and the hours in which people want to hear something.

use guesthouse::clock::Clock;

use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const SENT: &str = "SELECT COUNT(*) FROM channels__feed WHERE status = 'Sent'";

#[tokio::test]
async fn channels_are_read_when_the_schedule_says_so() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "The first")]);
        site.shows("port", &[old(1, "A ship")]);
        let before = site.asked("/s/town");
        // Half a minute before a quarter of an hour.
        let quarter = 15 * MINUTE;
        let clock = Clock::manual((Clock::system().now() / quarter + 1) * quarter - 30_000);
        let house = House::opens_at(clock, database, "", &[site.plugin_that_reads("*/15 * * * *", "")]).await;
        let ada = house.street.town.newcomer("Ada", "en").await;
        adds(&ada, "town").await;
        adds(&ada, "port").await;
        site.shows("town", &[old(1, "The first"), new(2, "The second")]);
        site.shows("port", &[old(1, "A ship"), new(2, "Another ship")]);
        house.passes(20).await;
        assert_eq!(site.asked("/s/town"), before + 1, "it is not the time yet");
        ada.has_seen_everything().await;

        // Just past it; then the clock stands, so that no slow machine comes to the next one.
        house.passes(15).await;
        house.database.comes_to(SENT, 2).await;
        let mut seen = [ada.sees().await, ada.sees().await];
        seen.sort();
        assert!(seen[0].contains("Another ship") && seen[1].contains("The second"), "{seen:?}");
        house.passes(20).await;
        assert_eq!(site.asked("/s/town"), before + 2, "once for each time");
        close(house, ada).await;
    }
}

#[tokio::test]
async fn nothing_comes_in_quiet_hours_and_a_digest_at_its_time_of_day() {
    let site = Previews::open().await;
    for database in Database::each().await {
        site.shows("town", &[old(1, "The first")]);
        // The last 23:09 in Greenwich: what is new on the pages is new then, too.
        let now = Clock::system().now();
        let today = now / DAY * DAY + 23 * HOUR + 9 * MINUTE;
        let start = if today > now { today - DAY } else { today };
        let house = House::opens_at(Clock::manual(start), database, "", &[site.plugin("")]).await;
        let mut people = Vec::new();
        for (name, rules) in [
            ("Ada", "quiet: 23:00-23:10"),
            // Where it is three hours later.
            ("Bob", "when: daily 02:10\nzone: +3"),
            // Whose quiet hours are over.
            ("Cleo", "quiet: 22:00-23:00"),
        ] {
            let person = house.street.town.newcomer(name, "en").await;
            adds(&person, "town").await;
            write::saves(&person, "/rules", rules).await;
            people.push(person);
        }
        let [ada, bob, cleo] = <[_; 3]>::try_from(people).unwrap_or_else(|_| panic!("three people"));
        site.shows("town", &[old(1, "The first"), new(2, "The second"), new(3, "The third")]);
        cleo.says("/parse").await;
        sees(&cleo, "The third").await;
        let waiting = "SELECT COUNT(*) FROM channels__feed WHERE status = 'Due'";
        house.database.comes_to(waiting, 4).await;
        for person in [&ada, &bob] {
            assert!(!person.has_read().await.join("\n").contains("The second"));
        }
        // To five seconds past ten; then the clock stands, however long a slow machine takes.
        house.passes(65).await;
        house.database.comes_to(SENT, 6).await;
        sees(&ada, "*News of town*<https://t.me/town/2>\nThe second").await;
        sees(&ada, "*News of town*<https://t.me/town/3>\nThe third").await;
        let digest = sees(&bob, "📰").await;
        assert!(digest.starts_with("📰 2 new posts") && digest.contains("The third"), "{digest}");
        let early = house.database.number("SELECT COUNT(*) FROM channels__feed WHERE sent < due").await;
        let late = "SELECT COUNT(*) FROM channels__feed WHERE due % 3600000 = 600000 AND sent - due < 60000";
        assert_eq!((early, house.database.number(late).await), (0, 4), "at ten past, and not before");
        for person in [&ada, &bob, &cleo] {
            house.settles(person).await;
        }
        house.closes([ada, bob, cleo]).await;
    }
}
