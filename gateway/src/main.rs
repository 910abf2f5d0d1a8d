//! The binary `antler`.
fn main() {}
