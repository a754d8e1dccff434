//! The main job, by hand, against servers that speak the vendors' protocols: the worlds then hold exactly that change.

use std::fmt::Write as _;

use nicdeck::{
    providers,
    sim::{
        http::{Options, Simulator},
        world::World,
    },
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_addresses_on_two_nics_and_one_nic_are_released_and_nothing_else() {
    let state = tempfile::tempdir().unwrap();
    let config = state.path().join("config.toml");
    let clouds = clouds(&config).await;
    let before: Vec<World> = clouds.iter().map(Simulator::world).collect();
    let key = clouds[0].key().clone();
    let config = config.to_str().unwrap().to_owned();
    let path = state.path().to_owned();
    let screen = tokio::task::spawn_blocking(move || {
        let env = [("T_ID", key.id.as_str()), ("T_SECRET", key.secret.as_str())];
        let mut tty = Tty::start(&["--config", &config], &path, &env, 120, 40);
        tty.wait(&format!("{} addresses", super::addresses()));
        // Two addresses of one NIC.
        tty.press("/172.16.1.2");
        tty.wait(&format!("8 of {}", super::addresses()));
        tty.press("\r");
        tty.press("/\x15172.16.1.21\r");
        tty.wait(&format!("1 of {}", super::addresses()));
        tty.press("a");
        tty.wait("1 marked");
        tty.press("/\x15172.16.1.22\r");
        tty.until("the other address", |screen| screen.contains("1 marked, 1 hidden"));
        tty.press("a");
        tty.wait("2 marked, 1 hidden");
        // One of another.
        tty.press("/\x1510.20.3.11\r");
        tty.wait("2 marked, 2 hidden");
        tty.press("a");
        tty.wait("3 marked, 2 hidden");
        // And a whole NIC.
        tty.press("/\x15172.16.2.26\r");
        tty.wait("3 marked, 3 hidden");
        tty.press("GD");
        tty.wait("4 marked, 3 hidden");
        tty.press("p");
        let plan = tty.wait("3 calls");
        for row in ["172.16.1.21", "172.16.1.22", "10.20.3.11", "whole NIC"] {
            assert!(plan.contains(row), "{row} is not in the plan:\n{plan}");
        }
        tty.wait("read again just now");
        tty.press("c");
        tty.wait("Cancel");
        // The first moment of the dialog is deaf, and says nothing: type until the text stands there.
        let asked = tty.until("what to type", |screen| screen.contains("acme-aliyun acme-zenlayer 4"));
        assert!(asked.contains("danger 3 of 3"), "{asked}");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while tty.screen().matches("acme-aliyun acme-zenlayer 4").count() < 2 {
            assert!(std::time::Instant::now() < deadline, "{}", tty.screen());
            tty.press("\x15acme-aliyun acme-zenlayer 4");
            tty.until("an answer", |screen| screen.matches("acme-aliyun").count() >= 1);
        }
        tty.press("\r");
        let results = tty.wait("RESULTS");
        tty.press("q");
        tty.wait(&format!("{} addresses", super::addresses() - 3));
        tty.press("q");
        let (code, left, _) = tty.end();
        assert_eq!((code, left), (0, RESTORED));
        results
    })
    .await
    .unwrap();
    assert!(screen.contains("3 released  1 detached"), "{screen}");
    // The change, made by hand on the world as it was, is the world as it is.
    let ip = |text: &str| text.parse().unwrap();
    for (cloud, mut expected) in clouds.iter().zip(before) {
        expected.release("eni-bp158inzyeqioa161bsx", &[ip("172.16.1.21"), ip("172.16.1.22")]);
        expected.release("1293350542875397204", &[ip("10.20.3.11")]);
        expected.edit_nic("eni-bp1iedo1cdr7idemzqcd", |nic| {
            nic.instance_id = None;
            nic.status = "Available".to_owned();
        });
        let now = cloud.world();
        assert_eq!(now.nics(), expected.nics());
        assert_eq!(now.instances(), expected.instances());
    }
    let journal = std::fs::read_to_string(state.path().join("nicdeck/journal.jsonl")).unwrap();
    let (intents, ends) = (journal.matches("\"intent\"").count(), journal.matches("\"settled\"").count());
    assert_eq!((intents, ends), (3, 3), "one of each per write\n{journal}");
    assert!(!journal.contains(clouds[0].key().secret.as_str()));
}
