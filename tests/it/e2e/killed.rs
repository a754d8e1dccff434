//! `kill -9` in the middle of a batch, and the starts after it.

use std::path::Path;

use nicdeck::{
    domain::{
        journal::{Intent, JournalEntry},
        outcome::OutcomeWord,
        plan::OperationKind,
    },
    providers,
    runtime::journal,
    sim::{
        http::{Options, Simulator},
        world::World,
    },
};
use rustix::process::Signal;

use super::tty::{RESTORED, Tty};

/// An address of the demo that can go without a worry, and its NIC.
const ADDRESS: &str = "172.16.1.21";
const NIC: &str = "eni-bp158inzyeqioa161bsx";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_start_names_what_was_left_and_the_one_after_it_is_quiet() {
    let state = tempfile::tempdir().unwrap();
    let (simulator, start) = shop(state.path()).await;
    let open = {
        let journal = state.path().join("nicdeck/journal.jsonl");
        move || -> Vec<Intent> { journal::read(&journal).unwrap().open_intents().collect() }
    };

    // The request has arrived and has no answer.
    let hold = simulator.hold("UnassignPrivateIpAddresses");
    let begin = start.clone();
    let tty = tokio::task::spawn_blocking(move || confirmed(asked(begin()))).await.unwrap();
    simulator.wait_for(|log| log.iter().any(|logged| logged.write)).await;
    tty.signal(Signal::KILL);
    tokio::task::spawn_blocking(move || tty.end()).await.unwrap();
    let left = open();
    let ips = vec![ADDRESS.parse().unwrap()];
    assert_eq!(
        left.iter().map(|intent| &intent.kind).collect::<Vec<_>>(),
        [&OperationKind::Release { nic: NIC.into(), ips: ips.clone() }]
    );

    // The cloud carries it out all the same.
    simulator.change(|world| {
        world.release(NIC, &ips);
    });
    drop(hold);
    let writes = || simulator.requests().iter().filter(|logged| logged.write).count();
    let sent = writes();
    let begin = start.clone();
    let region = simulator.world().regions()[0].clone();
    tokio::task::spawn_blocking(move || {
        let mut tty = begin();
        tty.wait("1 done, 0 not");
        tty.press("E");
        let list = tty.wait("the journal has it now");
        for word in [NIC, ADDRESS, "shop", &region, "lin", "release", "released", "nicdeck/journal.jsonl"] {
            assert!(list.contains(word), "{word} is missing:\n{list}");
        }
        tty.press("q");
        tty.gone("the journal has it now");
        tty.press("q");
        let (code, left, _) = tty.end();
        assert_eq!((code, left), (0, RESTORED));
    })
    .await
    .unwrap();
    assert_eq!(open(), []);
    assert_eq!(writes(), sent, "nothing is sent again");
    let nic = simulator.world().nics().iter().find(|nic| nic.id == NIC).expect("it is kept").clone();
    assert!(nic.addresses.iter().all(|address| address.ip != ips[0]));

    tokio::task::spawn_blocking(move || {
        let mut tty = start();
        tty.wait("just now");
        tty.press("E");
        tty.wait("The end of every write is known");
        tty.press("q");
        assert_eq!(tty.end().0, 0);
    })
    .await
    .unwrap();
}

/// A closed window or a lost connection stops the batch after the calls in flight, as a hang-up does: they are seen to their end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_goes_away_leaves_no_call_behind() {
    let (code, ends) = with_a_write_in_flight(|tty| tty.close("?")).await;
    assert_eq!((code, ends), (129, vec![OutcomeWord::Released]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_goes_away_from_under_a_stopped_program_leaves_no_call_behind() {
    let (code, ends) = with_a_write_in_flight(|tty| {
        tty.press("\u{1a}");
        tty.stopped();
        // The terminal itself echoes the key.
        tty.close("x");
    })
    .await;
    assert_eq!((code, ends), (129, vec![OutcomeWord::Released]));
}

/// The program is not held up by what it can not draw.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_that_takes_nothing_holds_up_neither_calls_nor_a_signal() {
    let (code, ends) = with_a_write_in_flight(|tty| {
        tty.stall("?");
        // Whole screens, until the terminal is full.
        tty.press(&"\u{c}".repeat(200));
        tty.signal(Signal::TERM);
    })
    .await;
    assert_eq!((code, ends), (143, vec![OutcomeWord::Released]));
}

/// Starts a release, does that while its one write has no answer yet, and then lets it have it. The exit code, and the ends in the
/// journal; nothing is left open there.
async fn with_a_write_in_flight(happens: impl FnOnce(&mut Tty) + Send + 'static) -> (u32, Vec<OutcomeWord>) {
    let state = tempfile::tempdir().unwrap();
    let (simulator, start) = shop(state.path()).await;
    let hold = simulator.hold("UnassignPrivateIpAddresses");
    let mut tty = tokio::task::spawn_blocking(move || confirmed(asked(start()))).await.unwrap();
    simulator.wait_for(|log| log.iter().any(|logged| logged.write)).await;
    let tty = tokio::task::spawn_blocking(move || {
        happens(&mut tty);
        tty
    })
    .await
    .unwrap();
    drop(hold);
    let code = tokio::task::spawn_blocking(move || tty.end_unseen()).await.unwrap();
    let journal = journal::read(&state.path().join("nicdeck/journal.jsonl")).unwrap();
    assert_eq!(journal.open_intents().count(), 0);
    let ends = journal.entries.iter().filter_map(|entry| match entry {
        JournalEntry::Settled(end) => Some(end.outcomes.iter().map(|(_, outcome)| outcome.word())),
        _ => None,
    });
    (code, ends.flatten().collect())
}

/// The demo's clouds are in the program and die with it; a start after that goes on with what they had become.
#[test]
fn a_demo_that_was_killed_in_the_middle_of_a_batch_accounts_for_every_address() {
    let state = tempfile::tempdir().unwrap();
    let journal = state.path().join("nicdeck/demo-journal.jsonl");
    let start = || Tty::start(&["--demo", "--max-percent", "100"], state.path(), &[], 120, 40);
    let mut tty = start();
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.wait("just now");
    tty.press("/level:ok\r");
    tty.wait("/ level:ok");
    tty.press("a");
    tty.wait(" marked");
    tty.press("p");
    tty.wait("was read again");
    tty.press("c");
    let asked = tty.wait("To go on, type");
    let phrase = asked.lines().find_map(|line| line.split_once("To go on, type")).expect("what to type").1;
    let phrase = phrase.trim_matches(|c: char| c == '│' || c.is_whitespace()).to_owned();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while tty.screen().matches(&phrase).count() < 2 {
        assert!(std::time::Instant::now() < deadline, "{}", tty.screen());
        tty.press(&format!("\x15{phrase}"));
        tty.until("an answer", |screen| screen.contains("To go on"));
    }
    tty.press("\r");
    // Some writes have their end, others are under way.
    let records = || journal::read(&journal).unwrap();
    let (ends, opens) = (
        || records().entries.iter().filter(|entry| matches!(entry, JournalEntry::Settled(_))).count(),
        || records().open_intents().count(),
    );
    tty.until("the middle of the batch", |_| ends() > 2 && opens() > 0);
    tty.signal(Signal::KILL);
    tty.end();
    assert!(opens() > 0, "the batch was over already");

    let mut tty = start();
    tty.until("an end for each write", |_| opens() == 0);
    tty.wait("were read back");
    // Whatever the journal calls released is on no NIC, and everything else is.
    let mut gone = std::collections::BTreeSet::new();
    for entry in records().entries {
        let JournalEntry::Settled(end) = entry else { continue };
        for (target, outcome) in end.outcomes {
            match outcome.word() {
                OutcomeWord::Released => assert!(gone.insert(target)),
                OutcomeWord::Failed => {}
                other => panic!("{target:?}: {other:?}"),
            }
        }
    }
    tty.wait(&format!("{} addresses", super::addresses() - gone.len()));
    tty.press("q");
    assert_eq!(tty.end().0, 0);

    // After a good end the demo is as it always was.
    let mut tty = start();
    tty.wait(&format!("{} addresses", super::addresses()));
    tty.press("E");
    tty.wait("The end of every write is known");
    tty.press("q");
    assert_eq!(tty.end().0, 0);
}

/// A simulated cloud with the demo's world, and the console on it.
async fn shop(state: &Path) -> (Simulator, impl Fn() -> Tty + Clone + Send + 'static) {
    let provider = providers::find("aliyun").unwrap();
    let world = World::parse(&[("aliyun", provider.descriptor().demo_world)]).unwrap();
    let region = world.regions()[0].clone();
    let simulator = Simulator::start(provider.dialect(), world, Options::default()).await.unwrap();
    let config = state.join("config.toml");
    let endpoint = simulator.endpoint();
    std::fs::write(
        &config,
        format!(
            "version = 1\nreadonly = false\n[[profile]]\nname = \"shop\"\ncloud = \"aliyun\"\n\
             regions = [\"{region}\"]\nendpoint = \"{endpoint}\"\n\
             credentials = {{ from = \"env\", id = \"T_ID\", secret = \"T_SECRET\" }}\n"
        ),
    )
    .unwrap();
    let key = simulator.key().clone();
    let path = state.to_owned();
    let start = move || {
        let env = [("T_ID", key.id.as_str()), ("T_SECRET", key.secret.as_str())];
        Tty::start(&["--config", config.to_str().unwrap()], &path, &env, 100, 30)
    };
    (simulator, start)
}

/// Up to the question before the one write.
fn asked(mut tty: Tty) -> Tty {
    tty.wait("just now");
    tty.press(&format!("/{ADDRESS}\r"));
    tty.wait("1 of ");
    tty.press("ap");
    tty.wait("was read again");
    tty.press("c");
    tty.wait("Cancel");
    tty
}

/// Gives the dialog what it asks for: it is deaf in its first moment, and to a key that is held down from then on.
fn confirmed(mut tty: Tty) -> Tty {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while tty.screen().contains("Cancel") {
        assert!(std::time::Instant::now() < deadline, "{}", tty.screen());
        tty.press("x");
        tty.press("y");
        tty.until("an answer", |screen| !screen.is_empty());
    }
    tty
}
