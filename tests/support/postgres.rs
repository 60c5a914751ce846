//! A PostgreSQL server for tests.
//!
//! It is `GUESTHOUSE_TEST_POSTGRES_URL` if that is set (a URL whose user may create databases); else a private server,
//! started once in each test process from the installed binaries, on a free port, with its data in the temporary
//! folder. A shell beside it waits for the end of the test process, however that comes about, and then stops the server
//! and removes its data. Every test gets a database of its own; one that restarts its server gets a server of its own.
//!
//! Where neither is possible the tests that need one are skipped, loudly; with `GUESTHOUSE_TEST_REQUIRE_POSTGRES=1` they
//! fail instead.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

const URL: &str = "GUESTHOUSE_TEST_POSTGRES_URL";
const REQUIRE: &str = "GUESTHOUSE_TEST_REQUIRE_POSTGRES";
/// A busy machine takes its time to start a server.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(50);

/// A database of one test's own.
pub struct Database {
    server: &'static Server,
    name: String,
}

impl Database {
    /// Makes one, unless there is no server and none is required.
    pub async fn create() -> Option<Self> {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = match SERVER.get_or_init(Server::find) {
            Ok(server) => server,
            Err(reason) => {
                skip(reason);
                return None;
            }
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self { server, name: format!("guesthouse_test_{}_{number}", std::process::id()) };
        // The default of the server orders texts as people do, not byte by byte, so that a test sees the difference.
        server.run(&format!("CREATE DATABASE {}", database.name)).await;
        Some(database)
    }

    /// Makes one on a private server that nobody else uses.
    pub async fn create_alone() -> Option<Self> {
        // It lives as long as the process; there are few of them.
        let server: &'static Server = match Server::start() {
            Ok(server) => Box::leak(Box::new(server)),
            Err(reason) => {
                skip(&reason);
                return None;
            }
        };
        let database = Self { server, name: "guesthouse_test".into() };
        server.run(&format!("CREATE DATABASE {}", database.name)).await;
        Some(database)
    }

    /// Kills the server of a database made with [`Database::create_alone`] as a power cut would, and starts it again.
    pub fn restarts_the_server(&self) {
        let shell = self.server.alive.as_ref().and_then(|shell| shell.stdin.as_ref()).expect("a private server");
        let mut shell: &std::process::ChildStdin = shell;
        shell.write_all(b"restart\n").expect("the shell listens");
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Takes it away again, whoever is still connected.
    pub async fn drop(self) {
        self.server.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

fn skip(reason: &str) {
    assert!(std::env::var_os(REQUIRE).is_none(), "{REQUIRE} is set, but {reason}");
    // Past the test harness, which swallows what a test that passes has printed.
    let skipped = format!("\n!!! PostgreSQL TESTS SKIPPED: {reason}; set {URL} or install PostgreSQL\n");
    let _ = std::io::stderr().write_all(skipped.as_bytes());
}

/// A server, up to the slash before the database's name, and what comes after that.
struct Server {
    base: String,
    tail: String,
    /// The end of this pipe tells the shell that the test process is gone.
    alive: Option<Child>,
}

impl Server {
    fn find() -> Result<Self, String> {
        if let Ok(url) = std::env::var(URL) {
            let (address, tail) = url.split_once('?').map_or((url.as_str(), ""), |(address, tail)| (address, tail));
            let (base, _) = address.rsplit_once('/').filter(|(base, _)| base.contains("//")).unwrap_or((address, ""));
            let tail = if tail.is_empty() { String::new() } else { format!("?{tail}") };
            return Ok(Self { base: base.to_owned(), tail, alive: None });
        }
        Self::start()
    }

    fn start() -> Result<Self, String> {
        let binaries = binaries().ok_or("no PostgreSQL is installed")?;
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("guesthouse-postgres-{}-{number}", std::process::id()));
        let owner = owner_of_data(&folder)?;
        let as_owner = |command: &mut Command| {
            if let Some((user, group)) = owner {
                command.uid(user).gid(group);
            }
            command
                .current_dir(&folder)
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .env("LC_ALL", "C.UTF-8")
                .env("TZ", "UTC");
        };
        let initdb = |more: &[&str]| {
            let mut command = Command::new(binaries.join("initdb"));
            command.args(["-D", "data", "-U", "guesthouse", "--auth=trust", "--no-sync", "-E", "UTF8"]).args(more);
            as_owner(&mut command);
            let output = command.output().map_err(|error| format!("initdb did not start: {error}"))?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.success() { Ok(()) } else { Err(format!("initdb failed: {said}")) }
        };
        initdb(&["--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"])
            .or_else(|_| initdb(&["--locale=C.UTF-8"]))?;

        let port = free_port().map_err(|error| format!("no port is free: {error}"))?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WATCH, "guesthouse-postgres"]).arg(&binaries).arg(port.to_string()).arg(&folder);
        as_owner(&mut shell);
        // Keys pressed at the terminal are for the tests, not for the server.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let alive = shell.spawn().map_err(|error| format!("/bin/sh did not start: {error}"))?;
        let rounds = PATIENCE.as_millis() / PAUSE.as_millis();
        for _ in 0..rounds {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                let base = format!("postgres://guesthouse@127.0.0.1:{port}");
                return Ok(Self { base, tail: String::new(), alive: Some(alive) });
            }
            std::thread::sleep(PAUSE);
        }
        let mut log = String::new();
        let _ = std::fs::File::open(folder.join("log")).and_then(|mut file| file.read_to_string(&mut log));
        Err(format!("the server did not start: {log}"))
    }

    fn url(&self, database: &str) -> String {
        format!("{}/{database}{}", self.base, self.tail)
    }

    async fn run(&self, statement: &str) {
        let rounds = PATIENCE.as_millis() / PAUSE.as_millis();
        for round in 1.. {
            let done = async {
                let mut connection = PgConnection::connect(&self.url("postgres")).await?;
                connection.execute(AssertSqlSafe(statement)).await?;
                connection.close().await
            };
            match done.await {
                Ok(()) => return,
                // Just started, or another test is copying the template.
                Err(_) if round < rounds => tokio::time::sleep(PAUSE).await,
                Err(error) => panic!("`{statement}` failed: {error}"),
            }
        }
    }
}

/// Runs until its standard input ends; each line of it restarts the server. `$1` has the binaries, `$2` is the port, `$3`
/// the folder. Safety from power cuts would only cost time here.
const WATCH: &str = r#"
start() {
    "$1/postgres" -D "$3/data" -p "$2" -h 127.0.0.1 -k "$3" -F -c full_page_writes=off -c max_connections=400 \
        -c shared_buffers=64MB >>"$3/log" 2>&1 &
    server=$!
}
start "$@"
while read -r restart; do
    kill -QUIT $server
    wait $server
    start "$@"
done
kill -QUIT $server
wait $server
cd /
rm -rf "$3"
"#;

/// Where `initdb` and `postgres` are; the newest version if there are several.
fn binaries() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::env::split_paths(&path).filter(complete).collect();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = debian.map(|entry| entry.path().join("bin")).filter(complete).collect();
    let number = |path: &PathBuf| -> u32 {
        let name = path.parent().and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().parse().unwrap_or(0)
    };
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.append(&mut found);
    versions.into_iter().next()
}

/// Makes the folder. PostgreSQL refuses to run as root, so root hands it to another user.
fn owner_of_data(folder: &Path) -> Result<Option<(u32, u32)>, String> {
    let cannot = |error: std::io::Error| format!("`{}` cannot be made: {error}", folder.display());
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).map_err(cannot)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(cannot)?;
    if std::fs::metadata(folder).map_err(cannot)?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(cannot)?;
    let ids = |name: &str| {
        let mut fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let fields = fields.find(|fields| fields.first() == Some(&name))?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    let (user, group) = ids("postgres").or_else(|| ids("nobody")).ok_or("there is no user but root to run it")?;
    std::os::unix::fs::chown(folder, Some(user), Some(group)).map_err(cannot)?;
    Ok(Some((user, group)))
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
