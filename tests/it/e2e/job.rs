//! The main job, by hand, against servers that speak the vendors' protocols: the worlds then hold exactly that change.

use std::fmt::Write as _;

use nicdeck::{
    app::state::Language,
    providers,
    sim::{
        http::{Options, Simulator},
        world::World,
    },
    ui::catalog::Catalogs,
};

use super::tty::{RESTORED, Tty};

/// The demo's clouds, served by this process, and a config that points at them.
async fn clouds(config: &std::path::Path) -> Vec<Simulator> {
    let mut served = Vec::new();
    let mut text = "version = 1\nreadonly = false\n".to_owned();
    for cloud in providers::all() {
        let descriptor = cloud.descriptor();
        let world = World::parse(&[(descriptor.id, descriptor.demo_world)]).unwrap();
        let region = world.regions()[0].clone();
        let options = Options { transition_ms: 200, ..Options::default() };
        let simulator = Simulator::start(cloud.dialect(), world, options).await.unwrap();
        let (id, endpoint) = (descriptor.id, simulator.endpoint());
        write!(
            text,
            "[[profile]]\nname = \"p-{id}\"\ncloud = \"{id}\"\nregions = [\"{region}\"]\nalias = \"acme-{id}\"\n\
             endpoint = \"{endpoint}\"\ncredentials = {{ from = \"env\", id = \"T_ID\", secret = \"T_SECRET\" }}\n"
        )
        .unwrap();
        served.push(simulator);
    }
    std::fs::write(config, text).unwrap();
    served
}

/// Windows in both languages: narrow, with a detail beside the list, and with the tree beside the table.
const WINDOWS: [(u16, u16, &str, Language); 6] = [
    (80, 24, "en_US.UTF-8", Language::English),
    (80, 24, "zh_CN.UTF-8", Language::Chinese),
    (120, 40, "en_US.UTF-8", Language::English),
    (120, 40, "zh_CN.UTF-8", Language::Chinese),
    (200, 60, "en_US.UTF-8", Language::English),
    (200, 60, "zh_CN.UTF-8", Language::Chinese),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_addresses_on_two_nics_and_one_nic_are_released_and_nothing_else() {
    let mut windows = tokio::task::JoinSet::new();
    for (columns, rows, lang, language) in WINDOWS {
        windows.spawn(release(columns, rows, lang, language));
    }
    windows.join_all().await;
}

async fn release(columns: u16, rows: u16, lang: &'static str, language: Language) {
    let state = tempfile::tempdir().unwrap();
    let config = state.path().join("config.toml");
    let clouds = clouds(&config).await;
    let before: Vec<World> = clouds.iter().map(Simulator::world).collect();
    let key = clouds[0].key().clone();
    let config = config.to_str().unwrap().to_owned();
    let path = state.path().to_owned();
    let job = move || {
        let catalogs = Catalogs::embedded().unwrap();
        let words = catalogs.of(language);
        let say = |key: &str, values: &[(&str, &str)]| words.text(key, values).into_owned();
        let (all, left) = (super::addresses().to_string(), (super::addresses() - 3).to_string());
        let of_all = |shown: &str| say("line.count", &[("shown", shown), ("total", &all)]);
        let marked = |count: &str| say("header.marked", &[("count", count)]);
        let hidden = |count: &str, hidden: &str| say("header.marked-hidden", &[("count", count), ("hidden", hidden)]);

        let env = [("T_ID", key.id.as_str()), ("T_SECRET", key.secret.as_str()), ("LANG", lang)];
        let mut tty = Tty::start(&["--config", &config], &path, &env, columns, rows);
        // Before all is listed some are unknown, and are not marked with the others.
        tty.until("the whole inventory", |screen| {
            let header = screen.lines().next().unwrap_or_default();
            header.contains(&say("header.addresses", &[("count", &all)]))
                && header.contains(words.word("time.just-now"))
        });
        // Two addresses of one NIC.
        tty.press("/172.16.1.2");
        tty.wait(&of_all("8"));
        tty.press("\r");
        tty.press("/\x15172.16.1.21\r");
        tty.wait(&of_all("1"));
        tty.press("a");
        tty.wait(&marked("1"));
        tty.press("/\x15172.16.1.22\r");
        tty.wait(&hidden("1", "1"));
        tty.press("a");
        tty.wait(&hidden("2", "1"));
        // One of another.
        tty.press("/\x1510.20.3.11\r");
        tty.wait(&hidden("2", "2"));
        tty.press("a");
        tty.wait(&hidden("3", "2"));
        // And a whole NIC.
        tty.press("/\x15172.16.2.26\r");
        tty.wait(&hidden("3", "3"));
        tty.press("GD");
        tty.wait(&hidden("4", "3"));
        tty.press("p");
        let plan = tty.wait(&say("plan.read", &[("age", words.word("time.just-now"))]));
        let detach = words.word("noun.detach").to_uppercase();
        for row in ["172.16.1.21", "172.16.1.22", "10.20.3.11", detach.as_str()] {
            assert!(plan.contains(row), "{row} is not in the plan:\n{plan}");
        }
        tty.press("c");
        // The first moment of the dialog is deaf, and says nothing: type until the text stands there.
        let asked = tty.wait("acme-aliyun acme-zenlayer 4");
        assert!(asked.contains(&say("confirm.danger", &[("level", "3")])), "{asked}");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while tty.screen().matches("acme-aliyun acme-zenlayer 4").count() < 2 {
            assert!(std::time::Instant::now() < deadline, "{}", tty.screen());
            tty.press("\x15acme-aliyun acme-zenlayer 4");
            tty.until("an answer", |screen| screen.matches("acme-aliyun").count() >= 1);
        }
        tty.press("\r");
        let (released, detached) = (say("count.released", &[("count", "3")]), say("count.detached", &[("count", "1")]));
        let ended = say("run.results", &[("hash", "")]);
        tty.until("the results", |screen| {
            let title = screen.lines().nth(1).unwrap_or_default();
            title.contains(ended.trim_end()) && title.contains(&released) && title.contains(&detached)
        });
        tty.press("q");
        tty.wait(&say("header.addresses", &[("count", &left)]));
        tty.press("q");
        let (code, left, _) = tty.end();
        assert_eq!((code, left), (0, RESTORED));
    };
    tokio::task::spawn_blocking(job).await.unwrap();
    let window = format!("{columns}x{rows} {lang}");
    // The change, made by hand on the world as it was, is the world as it is.
    let ip = |text: &str| text.parse().unwrap();
    for (cloud, mut expected) in clouds.iter().zip(before) {
        expected.release("eni-bp158inzyeqioa161bsx", &[ip("172.16.1.21"), ip("172.16.1.22")]);
        expected.release("1293350542875397204", &[ip("10.20.3.11")]);
        expected.edit_nic("eni-bp1iedo1cdr7idemzqcd", |nic| {
            nic.instance_id = None;
            "Available".clone_into(&mut nic.status);
        });
        let now = cloud.world();
        assert_eq!(now.nics(), expected.nics(), "{window}");
        assert_eq!(now.instances(), expected.instances());
    }
    let journal = std::fs::read_to_string(state.path().join("nicdeck/journal.jsonl")).unwrap();
    let (intents, ends) = (journal.matches("\"intent\"").count(), journal.matches("\"settled\"").count());
    assert_eq!((intents, ends), (3, 3), "one of each per write, {window}\n{journal}");
    assert!(!journal.contains(clouds[0].key().secret.as_str()));
}
