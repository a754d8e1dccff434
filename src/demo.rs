//! The demo: simulated clouds in this process, and profiles that point at them. Below this nothing knows that a cloud is simulated.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    domain::ids::{CloudId, ProfileId, RegionId},
    providers::{
        self,
        profile::{Credential, Endpoint, EndpointError, Profile},
    },
    sim::{
        http::{Options, SimError, Simulator},
        script::{Rule, Script, Trouble},
        world::{World, WorldError},
    },
};

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

/// Starts the simulated clouds on free loopback ports.
///
/// # Errors
/// No loopback port can be had; or the build's own assets are broken.
pub async fn start() -> Result<Demo, DemoError> {
    let cast: Cast = toml::from_str(PROFILES).map_err(|error| DemoError::Profiles(error.message().to_owned()))?;
    let mut demo = Demo { profiles: Vec::new(), clouds: Vec::new(), protect: cast.protect };
    for part in cast.profile {
        let cloud = providers::find(&part.cloud)
            .ok_or_else(|| DemoError::Profiles(format!("there is no cloud {:?}", part.cloud)))?;
        let name = format!("{} (built in)", part.cloud);
        let world = World::parse(&[(&name, cloud.descriptor().demo_world)])?;
        let regions = world.regions().iter().map(|region| RegionId::from(region.as_str())).collect();
        let project_id = world.project_id().map(str::to_owned);
        let options = Options {
            script: Script::of([Rule::new(Trouble::Delay { from_ms: *DELAY.start(), to_ms: *DELAY.end() })]),
            transition_ms: u64::try_from(TRANSITION.as_millis()).unwrap_or(u64::MAX),
            seed: SEED,
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
        };
        demo.profiles.push((profile, Credential::keys(&key.id, &key.secret, key.token.as_deref())));
        demo.clouds.push(simulator);
    }
    Ok(demo)
}
