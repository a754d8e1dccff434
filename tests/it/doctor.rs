//! What `nicdeck doctor` says of the journal, and how little it asks of a cloud. It writes nothing.

use std::{fs, path::PathBuf};

use nicdeck::{
    domain::{
        journal::JournalEntry,
        page::{Listing, Resource, Scope},
        time::Timestamp,
    },
    providers::{
        self,
        provider::{Call, Provider},
    },
    runtime::{
        clock,
        journal::{self, Journal},
    },
};

use sha2::{Digest, Sha256};

use crate::{
    accounts::{profile, simulator, told_by_the_doctor, write},
    cli::nicdeck,
    conformance::envelopes,
};

const ENV: &str = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }";

/// A home folder in which a batch was carried out, and its journal's lines.
async fn lived_in()
-> (tempfile::TempDir, String, Vec<(&'static str, String)>, Vec<String>, nicdeck::sim::http::Simulator) {
    let simulator = simulator(providers::find("tencent").unwrap()).await;
    let key = simulator.key().clone();
    let vars = vec![("MY_ID", key.id), ("MY_SECRET", key.secret)];
    let (home, profiles) = (tempfile::tempdir().unwrap(), profile("p", &simulator, ENV));
    let config = home.path().join("c.toml").display().to_string();
    fs::write(&config, format!("version = 1\n{profiles}")).unwrap();
    let plan = home.path().join("plan.json").display().to_string();
    let run = |args: &[&str]| {
        let mut command = nicdeck(&home, args);
        command.args(["--config", &config]).envs(vars.iter().map(|(name, value)| (*name, value.as_str())));
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    run(&["plan", "-o", &plan, "--filter", "kind:secondary level:ok", "--max-percent", "100"]).await.unwrap();
    let made: serde_json::Value = serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap();
    let applied =
        run(&["apply", &plan, "--max-percent", "100", "--approve", made["hash"].as_str().unwrap()]).await.unwrap();
    assert_eq!(applied.status.code(), Some(0), "{}", String::from_utf8_lossy(&applied.stderr));
    let text = fs::read_to_string(home.path().join(JOURNAL)).unwrap();
    (home, profiles, vars, text.lines().map(str::to_owned).collect(), simulator)
}

/// Tells which record is the newest.
const MARK: &str = "journal.mark";
const JOURNAL: &str = ".local/state/nicdeck/journal.jsonl";

/// Everything in the state folder but the log, with its bytes.
fn state(home: &tempfile::TempDir) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(folder) = fs::read_dir(home.path().join(".local/state/nicdeck")) else { return Vec::new() };
    let paths =
        folder.map(|entry| entry.unwrap().path()).filter(|path| path.is_file() && !path.ends_with("nicdeck.log"));
    let mut files: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_is_wrong_with_the_journal_and_writes_nothing() {
    let (home, profiles, vars, lines, _simulator) = lived_in().await;
    let vars: Vec<(&str, &str)> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = home.path().join(JOURNAL);
    let folder = path.parent().unwrap().to_owned();
    let text = |lines: &[String]| lines.join("\n") + "\n";
    let intent = lines.iter().position(|line| line.contains("\"record\":\"intent\"")).unwrap();
    let first = || match journal::parse(lines[intent].as_bytes()) {
        Ok(JournalEntry::Intent(intent)) => *intent,
        other => panic!("{other:?}"),
    };
    let old = {
        let mut line = serde_json::to_value(JournalEntry::Intent(Box::new(first()))).unwrap();
        line["v"] = 1.into();
        line.to_string()
    };
    let put = |text: String| {
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(folder.join("journal.lock"));
        let _ = fs::remove_file(folder.join(MARK));
        let _ = fs::remove_file(&path);
        write(&path, 0o600, &text);
        if let Some(last) = text.lines().last() {
            let digest = hex::encode(Sha256::digest(last));
            write(&folder.join(MARK), 0o600, &format!("{{\"v\":1,\"last\":\"{digest}\"}}\n"));
        }
    };
    // The exit code, and the rows of the journal: glyph and words.
    let look = async |what: &str, exit: i32, wanted: &[&str]| {
        let before = state(&home);
        let (code, told) = told_by_the_doctor(&home, &profiles, &vars).await;
        assert_eq!(code, exit, "{what}: {told}");
        let rows: Vec<&str> = told.lines().filter(|line| line.contains(" journal")).collect();
        for words in wanted {
            assert!(rows.iter().any(|row| row.contains(words)), "{what}: no {words:?} in {rows:?}");
        }
        assert_eq!(rows.len(), wanted.len(), "{what}: {rows:?}");
        assert_eq!(state(&home), before, "{what}: nothing is written");
    };
    look("a whole one", 0, &["+ journal"]).await;
    let mark = fs::read(folder.join(MARK)).unwrap();
    put(text(&lines[..=intent]));
    fs::write(folder.join(MARK), mark).unwrap();
    look("an end that was cut off", 1, &["chain is broken", "newest records", "1 write has no known end"]).await;
    put(text(&lines[..=intent]));
    look("a write without an end", 0, &["+ journal", "1 write has no known end: start nicdeck"]).await;
    fs::remove_file(folder.join(MARK)).unwrap();
    let unmarked = ["+ journal", "! journal", "1 write has no known end"];
    look("a mark that somebody took away", 0, &unmarked).await;
    put(text(&lines[..=intent]));
    let running = fs::OpenOptions::new().create(true).append(true).open(folder.join("journal.lock")).unwrap();
    running.lock_shared().unwrap();
    look("a batch that runs", 0, &["+ journal", "a batch is under way now, with 1 write"]).await;
    drop(running);
    put(text(&lines) + "{\"v\":2,\"record\":\"int");
    look("a torn line", 0, &["+ journal", "is torn, as a power cut leaves it"]).await;
    put(text(&lines).replacen("\"host\":\"", "\"host\":\"x", 1));
    look("an edited line", 1, &["x journal", "was changed by somebody else"]).await;
    put(text(&lines) + "{\"v\":99,\"record\":\"intent\",\"profile\":\"p\"}\n");
    let later = ["x journal", "of a later nicdeck (version 99", "1 write has no known end"];
    look("a line of a later nicdeck", 1, &later).await;
    put(format!("{old}\n"));
    let unproven = ["+ journal", "1 line of the first version of the journal", "1 write has no known end"];
    look("a line without a digest", 0, &unproven).await;
    put(String::new());
    let mut ahead = first();
    ahead.at = Timestamp(clock::now().0 + 3_600_000);
    drop(Journal::open(&path).unwrap().intent(ahead, false).await.unwrap());
    look("a clock that was set back", 1, &["+ journal", "x journal", "1 write has no known end"]).await;
    put(text(&lines));
    let held = fs::OpenOptions::new().append(true).open(&path).unwrap();
    held.lock().unwrap();
    look("a lock that somebody holds", 1, &["another process has held the journal"]).await;
    drop(held);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    look("a folder in its place", 1, &["x journal"]).await;
    fs::remove_dir_all(home.path().join(".local/state")).unwrap();
    write(&home.path().join(".local/state"), 0o600, "");
    look("a folder that can not be made", 1, &["cannot be made or written to"]).await;
    fs::remove_file(home.path().join(".local/state")).unwrap();
    look("none yet", 0, &["+ journal"]).await;
}

/// Each generation of each API, with as short a page of NICs as it gives.
#[test]
fn the_doctor_asks_for_the_shortest_page_of_nics() {
    let mut seen = 0;
    for cloud in providers::all() {
        let descriptor = cloud.descriptor();
        let generations = descriptor.apis.iter().filter_map(|api| cloud.generation(api));
        for codec in generations.chain([*cloud as &dyn Provider]) {
            let region = Some(descriptor.example_region.into());
            let listing = Listing { scope: Scope::Few, ..Listing::all(Resource::Nics, region) };
            let profile = envelopes::profile(*cloud);
            let request = codec.encode(&Call::List(listing), &profile);
            let asked = format!("{}&{}", request.query, String::from_utf8(request.body).unwrap()).to_lowercase();
            let shortest = ["maxresults=10", "limit=1", "\"limit\":1", "\"pagesize\":1"];
            let ends = |at: usize| asked[at..].chars().next().is_none_or(|next| !next.is_ascii_digit());
            let found = shortest.iter().any(|part| asked.find(part).is_some_and(|at| ends(at + part.len())));
            assert!(found, "{}: {asked}", descriptor.id);
            seen += 1;
        }
    }
    assert!(seen > 4);
}
