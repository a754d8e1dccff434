//! Zenlayer Elastic Compute (products zec and zlb) as a codec.

pub mod dialect;
pub mod sign;
