//! `nicdeck plan` and `nicdeck apply` with the binary itself against a simulated cloud: what was approved runs to the letter, and
//! what is changed, stale, repeated or held back does not.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::{Output, Stdio},
    str,
};

use nicdeck::{
    domain::journal::JournalEntry,
    providers,
    runtime::journal,
    sim::{
        http::Simulator,
        world::{SimAddress, World},
    },
};
use serde_json::Value;

use crate::{
    accounts::{profile, simulator},
    cli::nicdeck,
};

const CLOUD: &str = "aliyun";
const RELEASE: &str = "UnassignPrivateIpAddresses";
/// Of the demo's world: on two NICs of two instances, with nothing else to them.
const GOOD: [(&str, &str); 2] =
    [("eni-bp1os80ve6d6fafaefg7", "172.16.1.46"), ("eni-bp195bk5ww5aqb2acfx8", "172.16.2.15")];
const ENV: &str = "{ from = \"env\", id = \"MY_ID\", secret = \"MY_SECRET\" }";

/// A cloud, and what one user has of nicdeck.
struct Desk {
    simulator: Simulator,
    home: tempfile::TempDir,
    config: String,
    user: &'static str,
}

impl Desk {
    async fn set() -> Self {
        let simulator = simulator(providers::find(CLOUD).unwrap()).await;
        let config = profile("p", &simulator, ENV);
        Self { simulator, home: tempfile::tempdir().unwrap(), config, user: "lin" }
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("plan.json")
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let config = self.home.path().join("c.toml");
        // A program that was started before may be reading it.
        let text = format!("version = 1\n{}", self.config);
        if fs::read_to_string(&config).ok().as_ref() != Some(&text) {
            fs::write(&config, text).unwrap();
        }
        let mut command = nicdeck(&self.home, args);
        command.args(["--config", config.to_str().unwrap()]).env("USER", self.user);
        // A write that does not show has not happened soon after.
        command.env("NICDECK_TEST_PATIENCE", "100");
        let key = self.simulator.key();
        command.envs([("MY_ID", &key.id), ("MY_SECRET", &key.secret)]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        Ran::of(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap())
    }

    /// `plan` into the file; the plan.
    async fn plan(&self, args: &[&str]) -> Value {
        let file = self.file();
        let ran = self.run(&[&["plan", "--force", "-o", file.to_str().unwrap()], args].concat()).await;
        assert_eq!(ran.exit, 0, "{}", ran.err);
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
    }

    async fn apply(&self, hash: &str, more: &[&str]) -> Ran {
        let file = self.file();
        self.run(&[&["apply", file.to_str().unwrap(), "--approve", hash], more].concat()).await
    }

    fn has(&self, (nic, ip): (&str, &str)) -> bool {
        has(&self.simulator.world(), nic, ip)
    }

    fn writes(&self) -> usize {
        self.simulator.requests().iter().filter(|request| request.write).count()
    }
}

fn has(world: &World, nic: &str, ip: &str) -> bool {
    world.nic(nic).is_some_and(|nic| nic.address(ip.parse().unwrap()).is_some())
}

struct Ran {
    exit: i32,
    out: String,
    err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let Output { status, stdout, stderr } = output;
        let exit = status.code().unwrap_or(-1);
        Self { exit, out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
    }

    /// Refused, with these words, and nothing on standard output.
    #[track_caller]
    fn refused(&self, exit: i32, words: &str) {
        assert!(self.exit == exit && self.out.is_empty() && self.err.contains(words), "{}: {}", self.exit, self.err);
    }
}

fn hash(plan: &Value) -> &str {
    plan["hash"].as_str().unwrap()
}

#[tokio::test]
async fn a_plan_of_one_user_that_another_approves_runs_exactly_and_once() {
    let mut desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1, &format!("p/{}/{}", GOOD[1].0, GOOD[1].1)]).await;
    assert_eq!((plan["made_by"].as_str(), desk.writes()), (Some("lin"), 0));
    let text = fs::read_to_string(desk.file()).unwrap();
    // Somebody else, who has nothing of the first one but the file and its hash.
    desk.home = tempfile::tempdir().unwrap();
    desk.user = "wu";
    fs::write(desk.file(), text).unwrap();

    let before = desk.simulator.world();
    let file = desk.file();
    let ran = desk.run(&["apply", file.to_str().unwrap(), "--dry-run", "--output", "json"]).await;
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.exit, told["kind"].as_str(), desk.writes()), (0, Some("dry-run"), 0), "{}", ran.err);
    assert!(told["writes"][0]["sends"][0]["command"].as_str().unwrap().contains(RELEASE), "{told}");

    let ran = desk.apply(hash(&plan), &["--output", "json"]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let states: Vec<_> = told["rows"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!((told["nicdeck"].as_u64(), told["who"].as_str(), &*states), (Some(1), Some("wu"), &["released"; 2][..]));
    assert_eq!(told["plan"], plan["plan"]);
    // These two, and nothing else in the cloud.
    let wanted = before.nics().iter().map(|nic| {
        let gone = GOOD.iter().filter(|(on, _)| *on == nic.id).count();
        (nic.id.clone(), nic.addresses.len() - gone)
    });
    let now = desk.simulator.world();
    let is = now.nics().iter().map(|nic| (nic.id.clone(), nic.addresses.len()));
    assert_eq!(wanted.collect::<Vec<_>>(), is.collect::<Vec<_>>());
    assert_eq!((desk.has(GOOD[0]), desk.has(GOOD[1]), desk.writes()), (false, false, 2));

    let history = desk.run(&["history", "--output", "json"]).await;
    let told: Value = serde_json::from_str(&history.out).unwrap();
    let batch = &told["batches"][0];
    assert_eq!((batch["who"].as_str(), batch["plan"].as_str()), (Some("wu"), plan["plan"].as_str()), "{told}");

    desk.apply(hash(&plan), &[]).await.refused(7, "was carried out already, as batch ");
    assert_eq!(desk.writes(), 2);
}

#[tokio::test]
async fn what_was_not_approved_or_was_changed_is_not_sent() {
    let desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1]).await;
    let other = desk.plan(&[GOOD[0].1, GOOD[1].1]).await;
    // The file is the second plan, and the first was approved.
    desk.apply(hash(&plan), &[]).await.refused(7, "this file's hash is ");
    desk.apply("7f3a9c", &[]).await.refused(2, "`7f3a9c` is no hash of a plan");
    let file = desk.file();
    let text = fs::read_to_string(&file).unwrap();
    for (from, to) in [
        (format!("\"{}\"", GOOD[1].1), "\"172.16.2.14\"".to_owned()),
        ("\"made_by\": \"lin\"".to_owned(), "\"made_by\": \"wu\"".to_owned()),
        ("\"go\": true".to_owned(), "\"go\": false".to_owned()),
        ("\"demo\": false,".to_owned(), "\"demo\": false, \"note\": \"fine\",".to_owned()),
        ("\"made_at\": \"20".to_owned(), "\"made_at\": \"21".to_owned()),
    ] {
        fs::write(&file, text.replacen(&from, &to, 1)).unwrap();
        desk.apply(hash(&other), &[]).await.refused(7, "was changed after it was made");
    }
    for (text, words) in [
        ("{", "is no plan of nicdeck: EOF"),
        ("[]", "is no plan of nicdeck"),
        ("{\"nicdeck_plan\": 9}", "is a plan of version 9; this nicdeck reads version 2"),
        ("{\"nicdeck_plan\": 1}", "is a plan of version 1; this nicdeck reads version 2"),
        ("{\"nicdeck_plan\": 2}", "is no plan of nicdeck: missing field"),
    ] {
        fs::write(&file, text).unwrap();
        desk.apply(hash(&other), &[]).await.refused(2, words);
    }
    fs::remove_file(&file).unwrap();
    desk.apply(hash(&other), &[]).await.refused(2, "cannot be read");
    assert_eq!((desk.writes(), desk.has(GOOD[0]), desk.has(GOOD[1])), (0, true, true));
}

/// Facts count, also those that only a rule reads; what differs is named.
#[tokio::test]
async fn a_plan_that_does_not_come_out_the_same_is_refused_and_says_what_differs() {
    let desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1, GOOD[1].1]).await;
    // An address that nobody planned for comes onto the NIC.
    let (nic, ip) = GOOD[0];
    desk.simulator.change(|world| {
        let mut changed = world.nic(nic).unwrap().clone();
        let more =
            SimAddress { ip: "172.16.1.199".parse().unwrap(), ..changed.address(ip.parse().unwrap()).unwrap().clone() };
        changed.addresses.push(more);
        world.put_nic(changed);
    });
    let ran = desk.apply(hash(&plan), &[]).await;
    ran.refused(7, "does not come out the same any more");
    assert!(ran.err.contains(&format!("p/{nic}/{ip}: said release go")), "{}", ran.err);
    assert!(!ran.err.contains(GOOD[1].0), "the other NIC is as it was: {}", ran.err);
    // One of them is gone.
    let plan = desk.plan(&[GOOD[0].1, GOOD[1].1]).await;
    let gone = desk.plan(&[GOOD[1].1]).await;
    assert_eq!(desk.apply(hash(&gone), &[]).await.exit, 0);
    let file = desk.home.path().join("other.json");
    fs::write(&file, serde_json::to_string(&plan).unwrap()).unwrap();
    let ran = desk.run(&["apply", file.to_str().unwrap(), "--approve", hash(&plan)]).await;
    ran.refused(7, "does not come out the same any more");
    assert!(ran.err.contains(&format!("p/{}/{}: said release go", GOOD[1].0, GOOD[1].1)), "{}", ran.err);
    assert_eq!((desk.writes(), desk.has(GOOD[0])), (1, true));
}

#[tokio::test]
async fn read_only_rules_belts_and_accounts_without_a_name_hold() {
    let mut desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1]).await;
    let config = desk.config.clone();
    desk.config = format!("readonly = true\n{config}");
    desk.apply(hash(&plan), &[]).await.refused(4, "profile p is read-only");
    desk.config = config.clone();
    desk.apply(hash(&plan), &["--readonly"]).await.refused(4, "profile p is read-only");
    desk.config = format!("[safety]\nprotect = [\"ip:{}\"]\n{config}", GOOD[0].1);
    desk.apply(hash(&plan), &[]).await.refused(4, "protected");
    desk.config = config.replace("\"p\"", "\"q\"");
    desk.apply(hash(&plan), &[]).await.refused(2, "about the profile p");
    desk.config = config;
    // Over a belt nothing goes, and all of it stands in the file.
    let file = desk.file();
    let args = ["plan", "--force", "-o", file.to_str().unwrap(), GOOD[0].1, GOOD[1].1, "--max-per-plan", "1"];
    let ran = desk.run(&args).await;
    assert!(ran.exit == 4 && ran.err.contains("over the belt: 2 of 1 addresses"), "{}: {}", ran.exit, ran.err);
    let plan: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!((plan["rows"].as_array().unwrap().len(), plan["writes"].as_array().unwrap().len()), (2, 0));
    // A plan that sends nothing has no hash to be confirmed by: they all have the same one.
    assert!(plan["plan"].is_null() && ran.err.contains("Nothing would be sent") && !ran.err.contains("apply FILE"));
    assert!(ran.out.contains("A plan that sends nothing") && !ran.out.contains("3e22ce"), "{}", ran.out);
    let told = desk.run(&[&args[..], &["--output", "json"]].concat()).await;
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert!(told["plan"].is_null() && told["counts"]["blocked"] == 2, "{told}");
    let belt = ["--max-per-plan", "1"];
    let plan: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    desk.apply(hash(&plan), &belt).await.refused(4, "this plan sends nothing");
    desk.run(&["apply", file.to_str().unwrap(), "--dry-run"]).await.refused(4, "this plan sends nothing");
    // What the console asks the account's name for is not approved by a hash alone.
    let plan = desk.plan(&["--detach", GOOD[0].0]).await;
    desk.apply(hash(&plan), &[]).await.refused(4, "set `alias` in the config of p");
    assert_eq!(desk.writes(), 0);
    desk.config = desk.config.replace("cloud =", "alias = \"acme\"\ncloud =");
    let ran = desk.apply(hash(&plan), &[]).await;
    assert_eq!((ran.exit, desk.writes()), (0, 1), "{}", ran.err);
    assert!(desk.simulator.world().nic(GOOD[0].0).unwrap().instance_id.is_none());
}

#[tokio::test]
async fn a_plan_is_about_what_was_named_and_nothing_else() {
    let desk = Desk::set().await;
    let file = desk.file();
    let plan =
        async |args: &[&str]| desk.run(&[&["plan", "--force", "-o", file.to_str().unwrap()], args].concat()).await;
    plan(&[]).await.refused(2, "what is to be planned for?");
    plan(&["--filter", "ipp:1"]).await.refused(2, "no such field");
    plan(&["--filter", "ip:10.0.0.0/8", "10.0.0.1"]).await.refused(2, "not both");
    plan(&["eni-x"]).await.refused(2, "`eni-x` is no target");
    plan(&["192.0.2.9"]).await.refused(2, "192.0.2.9: nothing that was listed has this name");
    plan(&["--detach", "eni-nowhere"]).await.refused(2, "eni-nowhere: nothing that was listed");
    plan(&[GOOD[0].1, "--override", "172.16.1.46=because"]).await.refused(2, "at least 8 characters");
    plan(&[GOOD[0].1, "--override", "172.16.1.46=because I say so"]).await.refused(2, "nothing about it is unknown");
    assert!(!file.exists());
    // What a filter finds and can go; what can not is counted, not planned.
    let ran = plan(&["--filter", "instance:i-bp128hfa3t7ok2i97r46", "--detailed-exitcode", "--output", "json"]).await;
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(ran.exit == 10 && ran.err.contains("left out: "), "{}: {}", ran.exit, ran.err);
    let acts: Vec<_> = told["rows"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!((told["kind"].as_str(), told["counts"]["go"].as_u64()), (Some("plan"), Some(acts.len() as u64)));
    let ran = plan(&["--filter", "ip:192.0.2.0/24", "--detailed-exitcode"]).await;
    assert!(ran.exit == 0 && ran.err.contains("Nothing to do."), "{}", ran.err);
    // What is in the file stays there, unless somebody says so.
    let there = fs::read(&file).unwrap();
    let again = ["plan", "-o", file.to_str().unwrap(), GOOD[1].1];
    desk.run(&again).await.refused(2, "is there already");
    assert_eq!(fs::read(&file).unwrap(), there);
    assert_eq!(plan(&[GOOD[1].1]).await.exit, 0);
    assert_ne!(fs::read(&file).unwrap(), there);
    // The plan alone on standard output.
    let ran = desk.run(&["plan", "-o", "-", GOOD[0].1]).await;
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.exit, told["nicdeck_plan"].as_u64()), (0, Some(2)), "{}", ran.err);
    assert_eq!(desk.writes(), 0);
}

/// Of two profiles one can not be read: what is not found in the other one may well be there.
#[tokio::test]
async fn nothing_to_do_is_not_said_of_what_could_not_be_read() {
    let mut desk = Desk::set().await;
    let denied = simulator(providers::find(CLOUD).unwrap()).await;
    denied.change(|world| world.refusals.insert("DescribeNetworkInterfaces".to_owned(), "Forbidden.RAM".to_owned()));
    let unset = ENV.replace("MY_", "UNSET_");
    let (good, file) = (desk.config.clone(), desk.file());
    for (credentials, words) in [(ENV, "Forbidden.RAM"), (&unset, "UNSET_ID")] {
        desk.config = format!("{good}{}", profile("bad", &denied, credentials));
        let plan =
            async |args: &[&str]| desk.run(&[&["plan", "--force", "-o", file.to_str().unwrap()], args].concat()).await;
        for detailed in [&[][..], &["--detailed-exitcode"]] {
            let ran = plan(&[&["--filter", "ip:192.0.2.0/24"], detailed].concat()).await;
            let told = ran.err.contains(words) && ran.err.contains("Nothing to do in what could be read");
            assert!(ran.exit == 3 && told, "{words}: {}: {}", ran.exit, ran.err);
            assert!(!file.exists(), "{words}");
            let ran = plan(&[&["--filter", GOOD[0].1], detailed].concat()).await;
            assert!(ran.exit == 3 && ran.err.contains("To carry it out"), "{words}: {}: {}", ran.exit, ran.err);
            fs::remove_file(&file).unwrap();
        }
    }
    assert_eq!(desk.writes(), 0);
}

/// What could not be told goes where a person said why, and that is in the plan, its hash and the journal.
#[tokio::test]
async fn a_reason_for_what_is_not_known_goes_along() {
    let mut desk = Desk::set().await;
    desk.config = desk.config.replace("cloud =", "alias = \"acme\"\ncloud =");
    let denied = ("DescribeEipAddresses".to_owned(), "Forbidden.RAM".to_owned());
    desk.simulator.change(|world| world.refusals.insert(denied.0, denied.1));
    let file = desk.file();
    let ran = desk.run(&["plan", "--force", "-o", file.to_str().unwrap(), GOOD[0].1]).await;
    assert_eq!(ran.exit, 4, "not known is not sent: {}", ran.err);
    let reason = "seen in the console by lin";
    let given = format!("{}={reason}", GOOD[0].1);
    let ran = desk.run(&["plan", "--force", "-o", file.to_str().unwrap(), GOOD[0].1, "--override", &given]).await;
    assert_eq!(ran.exit, 3, "not all could be listed: {}", ran.err);
    assert!(ran.out.contains(&format!("overridden: {reason}")), "{}", ran.out);
    let plan: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!((plan["rows"][0]["override"].as_str(), plan["rows"][0]["go"].as_bool()), (Some(reason), Some(true)));
    let ran = desk.apply(hash(&plan), &[]).await;
    assert_eq!((ran.exit, desk.has(GOOD[0])), (0, false), "{}", ran.err);
    let journal = fs::read_to_string(desk.home.path().join(".local/state/nicdeck/journal.jsonl")).unwrap();
    assert!(journal.contains(reason));
}

/// A signal stops after the calls in flight; what was sent has its end, and the rest was never sent.
#[cfg(unix)]
#[tokio::test]
async fn a_signal_stops_after_the_calls_in_flight() {
    use rustix::process::{Pid, Signal, kill_process};

    for (signal, exit) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let desk = Desk::set().await;
        let plan = desk.plan(&[GOOD[0].1, GOOD[1].1]).await;
        let hold = desk.simulator.hold(RELEASE);
        let file = desk.file();
        let child = desk.command(&["apply", file.to_str().unwrap(), "--approve", hash(&plan)]).spawn().unwrap();
        let sent = |log: &[nicdeck::sim::http::Logged]| log.iter().any(|request| request.write);
        desk.simulator.wait_for(sent).await;
        kill_process(Pid::from_child(&child), signal).unwrap();
        let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
        drop(hold);
        let ran = Ran::of(waiting.await.unwrap());
        assert_eq!(ran.exit, exit, "{}", ran.err);
        for (target, gone) in GOOD.iter().map(|&target| (target, !desk.has(target))) {
            let line = ran.out.lines().find(|line| line.contains(target.1)).unwrap();
            assert_eq!(line.contains("| released |"), gone, "{line}");
        }
        let open = desk.run(&["history"]).await;
        assert!(!open.err.contains("without a known end"), "{}", open.err);
    }
}

/// Killed in the middle: whatever was confirmed is accounted for, the file is not carried out again, and a plan of the rest finishes it.
#[cfg(unix)]
#[tokio::test]
async fn what_a_kill_left_undone_is_told_and_planned_anew() {
    let mut desk = Desk::set().await;
    desk.config =
        format!("[safety]\nmax_percent = 100\n{}", desk.config).replacen("name = ", "alias = \"shop\"\nname = ", 1);
    let plan = desk.plan(&["--filter", "level:ok kind:secondary"]).await;
    let rows = plan["rows"].as_array().unwrap();
    let ips: Vec<&str> = rows.iter().map(|row| row["target"]["address"]["ip"].as_str().unwrap()).collect();
    assert!(plan["writes"].as_array().unwrap().len() > 4, "{plan}");
    let hold = desk.simulator.hold(RELEASE);
    let file = desk.file();
    let mut child = desk.command(&["apply", file.to_str().unwrap(), "--approve", hash(&plan)]).spawn().unwrap();
    desk.simulator.wait_for(|log| log.iter().any(|request| request.write)).await;
    // As long as it runs, what it has not begun is not left for another.
    let early = desk.apply(hash(&plan), &[]).await;
    early.refused(7, "this plan is being carried out already");
    let early = desk.run(&["plan", "-o", "-", "--rest", "1"]).await;
    assert!(early.out.is_empty() && early.err.contains("this batch has no end yet"), "{} {}", early.exit, early.err);
    child.kill().unwrap();
    let sent = tokio::task::spawn_blocking(move || child.wait().unwrap()).await;
    assert!(!sent.unwrap().success());
    drop(hold);

    let results = async || {
        let history = desk.run(&["history", "--output", "json"]).await;
        let told: Value = serde_json::from_str(&history.out).unwrap();
        let writes = told["batches"].as_array().unwrap().last().unwrap()["writes"].as_array().unwrap().clone();
        let targets = writes.iter().flat_map(|write| write["targets"].as_array().unwrap().clone());
        let ends = targets.map(|target| (target["ip"].as_str().unwrap().to_owned(), target["result"].to_string()));
        let of = |ends: &[(String, String)], word: &str| ends.iter().filter(|(_, end)| end.contains(word)).count();
        let ends: Vec<(String, String)> = ends.collect();
        let told: BTreeSet<&str> = ends.iter().map(|(ip, _)| ip.as_str()).collect();
        assert_eq!(told, ips.iter().copied().collect(), "each that was confirmed, and no other");
        (of(&ends, "not-begun"), of(&ends, "unfinished"))
    };
    let (not_begun, unfinished) = results().await;
    assert!(not_begun > 0 && unfinished > 0 && not_begun + unfinished == ips.len(), "{not_begun} {unfinished}");
    let table = desk.run(&["history"]).await;
    assert!(table.out.contains(&format!("{not_begun} not begun, {unfinished} unfinished")), "{}", table.out);

    let again = desk.apply(hash(&plan), &[]).await;
    again.refused(7, &format!("which has not done {not_begun} of its targets"));
    let batch = again.err.split_once("--rest ").unwrap().1.split_whitespace().next().unwrap();
    let rest = desk.plan(&["--rest", batch]).await;
    assert_eq!(rest["rows"].as_array().unwrap().len(), not_begun);
    let ran = desk.apply(hash(&rest), &[]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    // What was sent before the kill was found by reading, and is told: each write, and no key to press. Whether the cloud had taken it
    // when the program died is the cloud's affair.
    let told =
        ran.err.lines().filter(|line| line.starts_with("earlier release ") && line.contains(": read back, and "));
    assert!(told.count() > 0, "{}", ran.err);
    assert!(!ran.err.contains("Press ") && !ran.err.contains("no known end"), "{}", ran.err);
    assert_eq!(results().await, (not_begun, 0), "the batch that was cut off has begun no more");
    let is_there = |row: &&Value| {
        let key = &row["target"]["address"];
        desk.has((key["nic"]["nic"].as_str().unwrap(), key["ip"].as_str().unwrap()))
    };
    assert_eq!(rest["rows"].as_array().unwrap().iter().filter(is_there).count(), 0);
    assert!(rows.iter().filter(is_there).count() <= unfinished);
    let nothing = desk.run(&["plan", "-o", "-", "--rest", "1", "10.0.0.1"]).await;
    nothing.refused(2, "--rest plans what a batch has not done");
}

/// One file is carried out once, also where two begin at the same moment, and where it was taken back in between.
#[tokio::test]
async fn two_that_apply_one_file_at_the_same_moment_carry_it_out_once() {
    let desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1, GOOD[1].1]).await;
    let file = desk.file();
    let args = ["apply", file.to_str().unwrap(), "--approve", hash(&plan)];
    // Both have looked at the journal, and found nothing, when they list.
    let hold = desk.simulator.hold("DescribeNetworkInterfaces");
    let children: Vec<_> = (0..2).map(|_| desk.command(&args).spawn().unwrap()).collect();
    let both = |log: &[nicdeck::sim::http::Logged]| {
        log.iter().filter(|request| request.action == "DescribeNetworkInterfaces").count() >= 2
    };
    desk.simulator.wait_for(both).await;
    drop(hold);
    let ended = tokio::task::spawn_blocking(move || {
        children.into_iter().map(|child| Ran::of(child.wait_with_output().unwrap())).collect::<Vec<_>>()
    });
    let ended = ended.await.unwrap();
    let told: Vec<_> = ended.iter().map(|ran| (ran.exit, ran.err.as_str())).collect();
    assert_eq!(ended.iter().filter(|ran| ran.exit == 0).count(), 1, "{told:?}");
    assert!(ended.iter().all(|ran| matches!(ran.exit, 0 | 4 | 7)), "{told:?}");
    assert_eq!((desk.writes(), desk.has(GOOD[0]), desk.has(GOOD[1])), (2, false, false), "{told:?}");
    // Everything is as it was again, and the file is still that of a batch that was.
    let undo = desk.home.path().join("undo.json");
    let path = undo.to_str().unwrap();
    assert_eq!(desk.run(&["undo", "1", "--force", "-o", path]).await.exit, 0);
    let back: Value = serde_json::from_str(&fs::read_to_string(&undo).unwrap()).unwrap();
    let ran = desk.run(&["apply", path, "--approve", hash(&back)]).await;
    assert!(ran.exit == 0 && desk.has(GOOD[0]) && desk.has(GOOD[1]), "{}", ran.err);
    desk.apply(hash(&plan), &[]).await.refused(7, "was carried out already, as batch ");
    // Known by the file itself, whatever the clock of the machine says on which it was made.
    let path = desk.home.path().join(".local/state/nicdeck/journal.jsonl");
    let names = |entry: &&JournalEntry| matches!(entry, JournalEntry::Intent(intent) if intent.file.as_deref() == Some(hash(&plan)));
    assert_eq!(journal::read(&path).unwrap().entries.iter().filter(names).count(), 2, "each intent names the file");
}

/// The exit code tells how it ended, whether anybody reads the report or not.
#[tokio::test]
async fn a_reader_that_goes_away_changes_no_exit_code() {
    let desk = Desk::set().await;
    let unread = async |args: &[&str]| {
        let mut child = desk.command(args).spawn().unwrap();
        drop(child.stdout.take());
        Ran::of(tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap())
    };
    let file = desk.file();
    let path = file.to_str().unwrap();
    let ran = unread(&["plan", "--force", "-o", path, GOOD[0].1, GOOD[1].1, "--detailed-exitcode"]).await;
    let plan: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert!(ran.exit == 10 && ran.err.contains(hash(&plan)), "{}: {}", ran.exit, ran.err);
    // One of the two is refused by the cloud.
    let code = "InvalidUserType.NotSupported".to_owned();
    desk.simulator.change(|world| world.refusals.insert(GOOD[1].0.to_owned(), code));
    let ran = unread(&["apply", path, "--approve", hash(&plan)]).await;
    assert!(ran.exit == 3 && ran.err.contains(&batch_of(&desk).await), "{}: {}", ran.exit, ran.err);
    let denied = ("DescribeEipAddresses".to_owned(), "Forbidden.RAM".to_owned());
    desk.simulator.change(|world| world.refusals.insert(denied.0, denied.1));
    assert_eq!(unread(&["list"]).await.exit, 3);
}

/// A script that makes a new plan on 7 would do so for ever.
#[tokio::test]
async fn a_journal_that_can_not_be_read_is_no_old_plan() {
    let desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1]).await;
    fs::create_dir_all(desk.home.path().join(".local/state/nicdeck/journal.jsonl")).unwrap();
    let ran = desk.apply(hash(&plan), &[]).await;
    ran.refused(1, "The journal cannot be read");
    assert!(ran.err.contains("Nothing was sent") && desk.writes() == 0, "{}", ran.err);
}

/// What is odd about the journal is said, and once: each line of it is for a person to look at.
#[tokio::test]
async fn an_edited_journal_is_told_once() {
    let desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1]).await;
    let ran = desk.apply(hash(&plan), &[]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let path = desk.home.path().join(".local/state/nicdeck/journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen(GOOD[0].1, GOOD[1].1, 1)).unwrap();
    let plan = desk.plan(&[GOOD[1].1]).await;
    let ran = desk.apply(hash(&plan), &[]).await;
    assert_eq!(ran.err.matches("The journal was changed by somebody else").count(), 1, "{}", ran.err);
    // What it says was released may never have been there: nothing is put back on its word, and nothing of the other batch is lost.
    let ran = desk.run(&["undo", "1"]).await;
    ran.refused(4, "the journal was changed where it tells of this batch");
    assert!(ran.err.contains("The journal was changed by somebody else"), "{}", ran.err);
    let ran = desk.run(&["undo", "2"]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
}

/// A batch is named by its number or its name; without `-o` its undo is told, with it it is a plan that is approved as any other.
#[tokio::test]
async fn a_batch_is_taken_back_and_written_down_without_a_screen() {
    let desk = Desk::set().await;
    let plan = desk.plan(&[GOOD[0].1, GOOD[1].1]).await;
    let ran = desk.apply(hash(&plan), &[]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(!desk.has(GOOD[0]) && !desk.has(GOOD[1]));
    let batch = batch_of(&desk).await;

    for name in ["1", "#1", batch.as_str()] {
        let ran = desk.run(&["undo", name]).await;
        assert_eq!(ran.exit, 0, "{name}: {}", ran.err);
        assert!(GOOD.iter().all(|(nic, ip)| ran.out.contains(nic) && ran.out.contains(ip)), "{}", ran.out);
        assert!(ran.err.contains("-o FILE"), "{}", ran.err);
    }
    desk.run(&["undo", "2"]).await.refused(2, "the history has no batch 2");
    desk.run(&["export", "nothing"]).await.refused(2, "the history has no batch nothing");
    assert_eq!(desk.writes(), 2, "nothing was sent for it");

    let file = desk.home.path().join("undo.json");
    let path = file.to_str().unwrap();
    let ran = desk.run(&["undo", &batch, "--force", "-o", path]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let undo: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let ran = desk.run(&["apply", path, "--approve", hash(&undo)]).await;
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(desk.has(GOOD[0]) && desk.has(GOOD[1]));
    // Undo of the undo.
    let ran = desk.run(&["undo", "2"]).await;
    assert!(ran.exit == 0 && ran.out.contains("release"), "{}{}", ran.out, ran.err);

    let ticket = desk.run(&["export", "1"]).await.out;
    for wanted in ["lin", &batch, GOOD[0].1, GOOD[1].1, "released", "| "] {
        assert!(ticket.contains(wanted), "{wanted}: {ticket}");
    }
    assert!(desk.run(&["export", "2"]).await.out.contains(&format!("`nicdeck undo {}", batch_of(&desk).await)));
    let csv = desk.home.path().join("all.csv");
    let args = ["export", "-o", "csv", "-f", csv.to_str().unwrap()];
    assert_eq!(desk.run(&args).await.exit, 0);
    assert_eq!(fs::read_to_string(&csv).unwrap().lines().count(), 5, "a heading and two rows of each batch");
    desk.run(&args).await.refused(1, "File exists");
    let json: Value = serde_json::from_str(&desk.run(&["export", "-o", "json"]).await.out).unwrap();
    assert!(json.to_string().contains(&batch));
    desk.run(&["export", "--filter", "whoo:x"]).await.refused(2, "whoo");
}

/// The newest batch's name, as the history tells it.
async fn batch_of(desk: &Desk) -> String {
    let json: Value = serde_json::from_str(&desk.run(&["history", "-o", "json"]).await.out).unwrap();
    let batches = json["batches"].as_array().unwrap();
    batches[0]["batch"].as_str().unwrap().to_owned()
}
