//! Talking to clouds. A cloud is a codec: pure functions that turn a call into a request and an answer into a reply.
//! The one async file is `client`: it sends, retries, paces, and holds the gate that every write passes.

pub mod answers;
pub mod client;
pub mod credential;
pub mod discover;
pub mod http;
pub mod keyring;
pub mod limiter;
pub mod loose;
pub mod mark;
pub mod net;
pub mod network;
pub mod profile;
pub mod provider;
pub mod redact;
mod response;
pub mod retry;
pub mod session;
pub mod shell;
pub mod turn;

macro_rules! clouds {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*

        /// Every cloud there is, in the order of the list.
        pub fn all() -> &'static [&'static dyn provider::Provider] {
            &[$(&$name::Cloud,)*]
        }
    };
}

clouds! { aliyun, huawei, tencent, zenlayer }

/// The codec for a profile: its cloud, and the generation of its API that it chose.
pub fn of(profile: &profile::Profile) -> Option<&'static dyn provider::Provider> {
    let cloud = find(profile.cloud.as_str())?;
    Some(profile.api.as_deref().and_then(|api| cloud.generation(api)).unwrap_or(cloud))
}

/// What each cloud's error codes mean, for people: its id and the text of its file in `assets/errors`.
pub fn errors() -> impl Iterator<Item = (&'static str, &'static str)> {
    all().iter().map(|cloud| (cloud.descriptor().id, cloud.descriptor().errors))
}

/// The cloud of that name.
pub fn find(id: &str) -> Option<&'static dyn provider::Provider> {
    all().iter().copied().find(|cloud| cloud.descriptor().id == id)
}
