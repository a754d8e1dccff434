//! Which background jobs are current. An event whose job is not current is stale and dropped.

use std::collections::HashMap;

use crate::domain::{
    ids::{JobId, ProfileId},
    inventory::Section,
};

/// Ids are counted here, so a test can predict them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct JobTable {
    last: u64,
    listings: HashMap<ProfileId, ListingJob>,
}

/// A profile being listed.
#[derive(Clone, PartialEq, Debug)]
pub struct ListingJob {
    pub job: JobId,
    /// Sections that have begun, with the inventory's sweep number; removed when they end.
    pub open: HashMap<Section, u64>,
    pub began: usize,
    pub ended: usize,
}

impl JobTable {
    pub fn next_id(&mut self) -> JobId {
        self.last += 1;
        JobId(self.last)
    }

    /// Makes a new listing job current for the profile; returns it and the one it replaces.
    pub fn start_listing(&mut self, profile: ProfileId) -> (JobId, Option<ListingJob>) {
        let job = self.next_id();
        let new = ListingJob { job, open: HashMap::new(), began: 0, ended: 0 };
        (job, self.listings.insert(profile, new))
    }

    /// The profile a current listing job belongs to.
    pub fn listing(&mut self, job: JobId) -> Option<(&ProfileId, &mut ListingJob)> {
        self.listings.iter_mut().find(|(_, listing)| listing.job == job)
    }

    pub fn end_listing(&mut self, profile: &ProfileId) -> Option<ListingJob> {
        self.listings.remove(profile)
    }

    pub fn listing_of(&self, profile: &ProfileId) -> Option<&ListingJob> {
        self.listings.get(profile)
    }

    pub fn listings(&self) -> impl Iterator<Item = (&ProfileId, &ListingJob)> {
        self.listings.iter()
    }
}
