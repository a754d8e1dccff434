//! The binary in a real pseudo-terminal: the whole main job, and the way out.

mod first;
mod job;
mod killed;
mod kills;
mod terminal;
pub mod tty;

/// Addresses in all of the demo.
fn addresses() -> usize {
    let worlds = nicdeck::providers::all().iter().map(|cloud| {
        let world =
            nicdeck::sim::world::World::parse(&[("demo", cloud.descriptor().demo_world)]).expect("a right world");
        world.nics().iter().map(|nic| nic.addresses.len() + nic.ipv6.len()).sum::<usize>()
    });
    worlds.sum()
}
