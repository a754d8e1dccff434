//! Alibaba Cloud: ECS 2014-05-26 for instances and NICs, VPC 2016-04-28 for EIPs, and the three load balancers.

pub mod dialect;
pub mod sign;
