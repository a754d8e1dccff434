//! The demo: simulated clouds in this process, and profiles that point at them. Below this nothing knows that a cloud is simulated.

pub mod kept;

use std::time::Duration;

use serde::Deserialize;

use crate::{
    domain::{
        ids::{CloudId, ProfileId, RegionId},
        time::Timestamp,
    },
    providers::{
        self,
        profile::{Credential, Endpoint, EndpointError, Profile},
        provider::Provider,
    },
    sim::{
        http::{Options, SimError, Simulator},
        script::{Rule, Script, Trouble},
        world::{World, WorldError},
    },
};

use kept::Kept;

/// Who is who in the demo.
const PROFILES: &str = include_str!("../assets/demo/profiles.toml");
/// Everything random about the demo: the same screens every time.
const SEED: u64 = 20_260_107;
/// An answer takes about this long, as over a real network.
const DELAY: std::ops::RangeInclusive<u64> = 25..=90;
/// How long a detach takes.
const TRANSITION: Duration = Duration::from_millis(1_800);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cast {
    #[serde(default)]
    protect: Vec<String>,
    profile: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    cloud: String,
    #[serde(default)]
    env: Option<String>,
    #[serde(default)]
    alias: Option<String>,
}

/// The demo could not be started. All but `Sim` are faults of this build; tests load every demo world.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("the demo's profiles: {0}")]
    Profiles(String),
    #[error("the demo's world: {0}")]
    World(#[from] WorldError),
    #[error("the demo's cloud: {0}")]
    Sim(#[from] SimError),
    #[error("the demo's endpoint: {0}")]
    Endpoint(#[from] EndpointError),
}

/// A running demo: its clouds live as long as this.
pub struct Demo {
    pub profiles: Vec<(Profile, Credential)>,
    pub clouds: Vec<Simulator>,
    /// Filters over what is never written to, for all profiles.
    pub protect: Vec<String>,
}

/// Starts the simulated clouds on free loopback ports; on the worlds that were kept, where there are some.
///
/// # Errors
/// No loopback port can be had; or the build's own assets are broken.
pub async fn start(mut kept: Option<&mut Kept>, now: Timestamp) -> Result<Demo, DemoError> {
    let cast: Cast = toml::from_str(PROFILES).map_err(|error| DemoError::Profiles(error.message().to_owned()))?;
    let mut demo = Demo { profiles: Vec::new(), clouds: Vec::new(), protect: cast.protect };
    let mut worlds = Vec::new();
    for part in &cast.profile {
        let name = format!("{} (built in)", part.cloud);
        worlds.push((part.name.clone(), World::parse(&[(&name, of(&part.cloud)?.descriptor().demo_world)])?));
    }
    if let Some(kept) = &mut kept {
        worlds = kept.worlds(worlds, now);
    }
    for (part, (_, world)) in cast.profile.into_iter().zip(worlds) {
        let cloud = of(&part.cloud)?;
        let regions = world.regions().iter().map(|region| RegionId::from(region.as_str())).collect();
        let project_id = world.project_id().map(str::to_owned);
        let options = Options {
            script: Script::of([Rule::new(Trouble::Delay { from_ms: *DELAY.start(), to_ms: *DELAY.end() })]),
            transition_ms: u64::try_from(TRANSITION.as_millis()).unwrap_or(u64::MAX),
            seed: SEED,
            on_change: kept.as_ref().map(|kept| kept.on_change(&part.name)),
            ..Options::default()
        };
        let simulator = Simulator::start(cloud.dialect(), world, options).await?;
        let key = simulator.key();
        let profile = Profile {
            id: ProfileId::from(part.name),
            cloud: CloudId::from(part.cloud),
            regions,
            endpoint: Some(Endpoint::parse(&simulator.endpoint())?),
            alias: part.alias,
            env: part.env,
            readonly: false,
            project_id,
            api: None,
            net: crate::providers::net::Net::default(),
        };
        demo.profiles.push((profile, Credential::keys(&key.id, &key.secret, key.token.as_deref())));
        demo.clouds.push(simulator);
    }
    Ok(demo)
}

fn of(cloud: &str) -> Result<&'static dyn Provider, DemoError> {
    providers::find(cloud).ok_or_else(|| DemoError::Profiles(format!("there is no cloud {cloud:?}")))
}
