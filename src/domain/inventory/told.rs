//! What a read of one NIC told about the sections around it.

use crate::domain::{page::Resource, snapshot::NicSnapshot, time::Timestamp};

/// How much a read of one NIC told: newer than the listing, better or worse. `None`: the listing is newer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Told {
    pub at: Timestamp,
    pub instances: Option<bool>,
    eips: Option<bool>,
    backends: Option<bool>,
    floats: Option<bool>,
}

impl Told {
    pub fn by(fresh: &NicSnapshot) -> Self {
        Self {
            at: fresh.read_at,
            instances: Some(fresh.instances_known),
            eips: Some(fresh.eips_known),
            backends: Some(fresh.backends_known),
            floats: Some(fresh.floats_known),
        }
    }

    pub fn is_empty(&self) -> bool {
        (self.instances, self.eips, self.backends, self.floats) == (None, None, None, None)
    }

    pub fn of(&self, resource: Resource) -> Option<bool> {
        match resource {
            Resource::Instances => self.instances,
            Resource::Eips => self.eips,
            Resource::Backends => self.backends,
            Resource::Floats => self.floats,
            Resource::Regions | Resource::Nics | Resource::Limits => None,
        }
    }

    pub fn forget(&mut self, resource: Resource) {
        match resource {
            Resource::Instances => self.instances = None,
            Resource::Eips => self.eips = None,
            Resource::Backends => self.backends = None,
            Resource::Floats => self.floats = None,
            Resource::Regions | Resource::Nics | Resource::Limits => {}
        }
    }
}
