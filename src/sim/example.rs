//! A small world file that has every key, in a cloud's own words: something to begin with.

use super::dialect::{ObjectKind, Vocabulary};

/// What is filled in stands in braces; a line that begins with `~` is for clouds with virtual addresses.
const TEMPLATE: &str = include_str!("../../assets/world.example.json");

/// The example for the cloud of these words, without the members that it does not act on.
pub fn example(words: &Vocabulary, unheeded: &[&str]) -> String {
    use ObjectKind::{Eip, Instance, LoadBalancer, Nic, SecurityGroup, Subnet, Vpc};
    let id = |kind, number| (words.id)(kind, number);
    let first = |list: &[&'static str]| list.first().copied().unwrap_or_default().to_owned();
    let (region, zones) = words.regions.first().copied().unwrap_or_default();
    let values = [
        ("provider", words.provider.to_owned()),
        ("region", region.to_owned()),
        ("zone", first(zones)),
        ("type", first(words.instance_types)),
        ("running", words.running.to_owned()),
        ("stopped", words.stopped.to_owned()),
        ("attached", words.attached.to_owned()),
        ("free", words.free.to_owned()),
        // Is an address that was added to a NIC a virtual one?
        ("added", (!words.secondaries).to_string()),
        ("lb-kind", first(words.load_balancer_kinds)),
        ("vpc", id(Vpc, 1)),
        ("subnet", id(Subnet, 1)),
        ("group", id(SecurityGroup, 1)),
        ("instance", id(Instance, 1)),
        ("instance-2", id(Instance, 2)),
        ("nic", id(Nic, 1)),
        ("nic-2", id(Nic, 2)),
        ("nic-3", id(Nic, 3)),
        ("nic-4", id(Nic, 4)),
        ("eip", id(Eip, 1)),
        ("eip-2", id(Eip, 2)),
        ("eip-3", id(Eip, 3)),
        ("lb", id(LoadBalancer, 1)),
    ];
    let mut text = String::new();
    for line in TEMPLATE.lines() {
        let line = match line.strip_prefix('~') {
            Some(_) if !words.floating => continue,
            Some(rest) => format!(" {rest}"),
            None => line.to_owned(),
        };
        text.push_str(&values.iter().fold(line, |line, (name, value)| line.replace(&format!("{{{name}}}"), value)));
        text.push('\n');
    }
    for member in unheeded {
        // The template has each of them behind another one.
        let found = |text: &str| [",", ",\n "].iter().find_map(|comma| text.find(&format!("{comma} \"{member}\":")));
        while let Some(from) = found(&text) {
            let value = text.get(from..).and_then(|rest| rest.find(':')).map_or(from, |colon| from + colon + 1);
            let mut values = serde_json::Deserializer::from_str(text.get(value..).unwrap_or_default())
                .into_iter::<serde::de::IgnoredAny>();
            values.next();
            let end = value + values.byte_offset();
            text.replace_range(from..end, "");
        }
    }
    text
}
