//! Identifiers. Opaque text, cheap to clone; each kind is a type of its own so that they cannot be mixed up.

use std::{borrow::Borrow, fmt, net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as the cloud (or the config) spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// For sharing one text among equal ids.
            #[allow(dead_code, reason = "not every kind of id comes again and again")]
            pub(in crate::domain) fn text_mut(&mut self) -> &mut Arc<str> {
                &mut self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d).map(Self::from)
            }
        }
    )*};
}

text_ids! {
    /// A cloud's short name, as the config spells it. The list of them lives in `providers`.
    CloudId;
    /// A profile: one account of one cloud, by the name the config gives it.
    ProfileId;
    /// A region, in the vendor's spelling.
    RegionId;
    /// A virtual machine.
    InstanceId;
    /// A network interface.
    NicId;
    /// An elastic (public) IP object.
    EipId;
    /// A load balancer.
    LoadBalancerId;
}

/// A background job. Counted in `State`, so a test can predict it; an event whose job is not current is dropped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct JobId(pub u64);

/// One write of a plan: its place in the plan, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct OperationId(pub u32);

/// An instance within its profile.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct InstanceKey {
    pub profile: ProfileId,
    pub instance: InstanceId,
}

/// A NIC within its profile.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct NicKey {
    pub profile: ProfileId,
    pub nic: NicId,
}

/// A private address on a NIC. The same address may exist in many VPCs and clouds, so the NIC is part of the key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct AddressKey {
    pub nic: NicKey,
    pub ip: IpAddr,
}
