//! The status line: what is waited for, and which key ends that.

use nicdeck::{
    app::{key::Input, key::Key, msg::Msg, state::Language, state::State, update::update},
    domain::{fault::FaultKind, outcome::Outcome, time::Timestamp},
    runtime::{
        jobs::journal::{self, Wanted},
        journal::Journal,
    },
    ui::theme::ThemeName,
};
use tokio::sync::mpsc;

use super::{frame, layers, skin, world};
use crate::history;

const SIZE: nicdeck::app::geometry::Size = nicdeck::app::geometry::Size { columns: 120, rows: 40 };

fn text(state: &State) -> String {
    layers::text(&frame(state, &skin(ThemeName::Dark)).0)
}

fn waiting() -> State {
    let mut screens = world::screens(SIZE, Language::English).into_iter();
    screens.find(|(name, _)| *name == "waiting").map(|(_, state)| state).unwrap()
}

#[test]
fn an_answer_that_is_no_success_is_no_missing_answer() {
    let mut state = waiting();
    assert!(text(&state).contains("no answer for 0:12"), "{}", text(&state));
    let open = state.jobs.waiting().unwrap();
    let mut call = world::exchange(1, false);
    (call.profile, call.at) = (open.profile.clone(), open.since.plus_ms(1_000));
    (call.status, call.fault) = (Some(502), Some(FaultKind::Server));
    let now = state.now;
    update(&mut state, now, Msg::Exchange(Box::new(call)));
    assert!(text(&state).contains("HTTP 502, trying again"), "{}", text(&state));
    assert!(!text(&state).contains("no answer"));
}

#[test]
fn a_row_of_the_running_batch_says_so_in_the_inventory() {
    let mut scenario = world::running(SIZE, Language::English);
    scenario.keys("1 F");
    world::go(&mut scenario, "a 10.0.2.9");
    let drawn = text(&scenario.state);
    let in_batch = |ip: &str| {
        let mut lines = drawn.lines();
        lines.any(|line| line.contains(&format!("{ip}  ")) && line.contains("! batch: retrying"))
    };
    assert!(in_batch("10.0.2.9") && in_batch("10.0.2.11"), "{drawn}");
    assert!(drawn.contains("10.0.2.9 is in the current batch: retrying"), "{drawn}");
    assert!(!in_batch("10.0.2.10"), "another address of that NIC\n{drawn}");
    scenario.keys("p");
    assert_eq!(scenario.notice(), "disabled.in-batch");
    // The whole NIC and each of its addresses.
    world::go(&mut scenario, "n 1200540091");
    let drawn = text(&scenario.state);
    assert!(drawn.contains(". batch: accepted"), "{drawn}");
    world::go(&mut scenario, "a 10.8.1.12");
    assert!(text(&scenario.state).contains("1200540091 is in the current batch: accepted"));
    let mut ended = world::results(SIZE, Language::English);
    ended.keys("1 F");
    assert!(!text(&ended.state).contains("batch: "), "{}", text(&ended.state));
}

#[test]
fn nothing_is_promised_where_nothing_is_written() {
    let mut scenario = world::listed(SIZE, Language::English);
    world::go(&mut scenario, "a 10.0.1.21");
    assert!(text(&scenario.state).contains("10.0.1.21 can be released"));
    scenario.state.readonly = true;
    let drawn = text(&scenario.state);
    assert!(drawn.contains("10.0.1.21 could be released, but this session is read-only"), "{drawn}");
    assert!(drawn.contains("ok, but read-only") && drawn.contains("none: this is not sent"), "{drawn}");
    scenario.state.readonly = false;
    scenario.state.profiles[0].readonly = true;
    let drawn = text(&scenario.state);
    assert!(drawn.contains("10.0.1.21 could be released, but the profile shop-hz is read-only"), "{drawn}");
    // Another profile's rows are as they were.
    world::go(&mut scenario, "a 10.8.1.12");
    assert!(text(&scenario.state).contains("10.8.1.12 can be released"), "{}", text(&scenario.state));
}

#[test]
fn stopping_says_what_it_waits_for_until_that_is_back() {
    let mut scenario = world::running(SIZE, Language::English);
    scenario.keys("s");
    for _ in 0..3 {
        assert!(text(&scenario.state).contains("stopping: 2 calls in flight"), "{}", text(&scenario.state));
        scenario.after_ms(1_500);
    }
    scenario.keys("1");
    assert!(text(&scenario.state).contains("stopping: 2 calls in flight"), "on every screen");
    let (job, plan) = scenario.state.run.as_ref().map(|run| (run.job, run.plan.clone())).unwrap();
    world::settle(&mut scenario, job, &plan, 1, |_| Outcome::Stopped);
    assert!(text(&scenario.state).contains("stopping: 1 call in flight"), "{}", text(&scenario.state));
    scenario.keys("q s");
    assert!(
        text(&scenario.state).contains("quits when what is in flight has ended: 1 call"),
        "{}",
        text(&scenario.state)
    );
}

#[test]
fn a_profile_without_an_alias_is_told_before_anybody_asks_for_the_dialog() {
    let mut scenario = world::listed(SIZE, Language::English);
    scenario.state.profiles[0].alias = None;
    scenario.state.config_path = "/home/lin/.config/nicdeck/config.toml".to_owned();
    world::mark(&mut scenario, &["10.0.1.21", "10.0.1.22"]);
    scenario.keys("p").read_again();
    scenario.after_ms(7_000);
    let drawn = text(&scenario.state);
    for wanted in ["shop-hz has none", "alias = \"NAME\"", "/home/lin/.config/nicdeck/config.toml"] {
        assert!(drawn.contains(wanted), "{wanted}\n{drawn}");
    }
    let named = text(&world::planned(SIZE, Language::English).state);
    assert!(!named.contains("alias"), "{named}");
}

#[test]
fn a_key_is_named_only_where_it_does_what_is_said() {
    let mut state = waiting();
    assert!(text(&state).contains("esc stops it"));
    let now = state.now;
    update(&mut state, now, Msg::Input(Input::Key(Key::parse("?").unwrap())));
    assert!(text(&state).contains("no answer for"), "{}", text(&state));
    assert!(!text(&state).contains("esc stops it"), "it closes the help");
}

/// What somebody does to the lines of a journal, and what the next start says of it in each language.
struct Odd {
    done: fn(&mut Vec<String>),
    /// Milliseconds after the newest record.
    later: i64,
    english: &'static str,
    chinese: &'static str,
}

const ODD: [Odd; 6] = [
    Odd {
        done: |lines| lines[0] = lines[0].replace("\"who\":\"lin\"", "\"who\":\"wu\""),
        later: 0,
        english: "changed by somebody else: 2 lines, the first is line 1 of journal.jsonl",
        chinese: "日志被外部改动：2 行，首处为 journal.jsonl 第 1 行",
    },
    Odd {
        done: |lines| drop(lines.remove(2)),
        later: 0,
        english: "changed by somebody else: 1 line, the first is line 3 of journal.jsonl",
        chinese: "日志被外部改动：1 行，首处为 journal.jsonl 第 3 行",
    },
    Odd {
        done: |lines| {
            let mut half = lines[2].clone();
            half.truncate(half.len() / 2);
            lines.push(half);
        },
        later: 0,
        english: "Line 5 of journal.jsonl is torn, as a power cut leaves it",
        chinese: "journal.jsonl 第 5 行不完整",
    },
    Odd {
        done: |lines| lines.push(r#"{"v":7,"record":"settled","batch":"b","operation":0}"#.to_owned()),
        later: 0,
        english: "1 line of the journal is of a later nicdeck (version 7 of the journal)",
        chinese: "日志中有 1 行由更高版本的 nicdeck 写入（日志版本 7）",
    },
    Odd {
        done: |_| {},
        later: -3_600_000,
        english: "The clock was set back: the journal's newest record is 60 minutes ahead of it",
        chinese: "系统时钟被回拨：日志最新记录的时间比当前时钟晚 60 分钟",
    },
    Odd { done: |_| {}, later: 1_000, english: "", chinese: "" },
];

/// Through the journal itself, the job that looks at it, and the screen.
#[tokio::test]
async fn what_is_odd_about_the_journal_is_told_at_the_start() {
    for odd in ODD {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let journal = Journal::open(&path).unwrap();
        let mut newest = Timestamp::default();
        for nth in 0..2 {
            let intent = history::intent("b", nth, history::release("eni-1", &["10.0.0.5"]));
            let end = history::settled(&intent, &Outcome::Released { request_id: None });
            newest = end.at;
            journal.intent(intent, false).await.unwrap();
            journal.settled(end).await.unwrap();
        }
        let text_of = |lines: &[String]| lines.join("\n");
        let mut lines: Vec<String> = std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        (odd.done)(&mut lines);
        std::fs::write(&path, text_of(&lines)).unwrap();
        let now = Timestamp(newest.0 + odd.later);
        let (out, mut events) = mpsc::channel(8);
        let since = Timestamp::default();
        let wanted = Wanted { write: true, unfinished: true, host: "ops-1".to_owned(), since, now };
        journal::run(journal, wanted, out).await;
        let mut told = Vec::new();
        while let Some(msg) = events.recv().await {
            told.push(msg);
        }
        for (language, expected) in [(Language::English, odd.english), (Language::Chinese, odd.chinese)] {
            let mut scenario = world::listed(SIZE, language);
            let before = text(&scenario.state);
            for msg in &told {
                scenario.send(msg.clone());
            }
            let shown = text(&scenario.state);
            // Wide characters stand in two cells.
            let shown_tight = shown.replace([' ', '\n'], "");
            assert!(shown_tight.contains(&expected.replace(' ', "")), "{expected}:\n{shown}");
            assert_eq!(shown == before, expected.is_empty(), "nothing is told where nothing is odd:\n{shown}");
        }
    }
}
