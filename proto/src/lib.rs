//! The gRPC interface of Sandyq, generated from `sandyq/v1/*.proto`.
//!
//! Shapes follow the buf STANDARD rules, meanings Google's API improvement proposals. The descriptor set serves reflection
//! and the tests that walk every RPC.

/// Version 1 of the interface.
#[allow(
    missing_docs,
    clippy::allow_attributes_without_reason,
    clippy::large_enum_variant,
    reason = "generated code"
)]
pub mod v1 {
    tonic::include_proto!("sandyq.v1");
}

/// The encoded `google.protobuf.FileDescriptorSet` of all files, imports included.
pub const DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/sandyq_descriptor.bin"));
