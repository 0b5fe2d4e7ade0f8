//! Generates the Rust types and the descriptor set from `sandyq/v1/*.proto`; protox stands in for protoc.

use std::path::PathBuf;

const FILES: [&str; 13] = [
    "sandyq/v1/common.proto",
    "sandyq/v1/identity.proto",
    "sandyq/v1/library.proto",
    "sandyq/v1/depersonalization.proto",
    "sandyq/v1/access.proto",
    "sandyq/v1/system.proto",
    "sandyq/v1/sandbox.proto",
    "sandyq/v1/image.proto",
    "sandyq/v1/airlock.proto",
    "sandyq/v1/audit.proto",
    "sandyq/v1/subject.proto",
    "sandyq/v1/incident.proto",
    "sandyq/v1/trial.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=sandyq");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let descriptors = protox::Compiler::new(["."])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(FILES)?
        .file_descriptor_set();
    let encoded = prost::Message::encode_to_vec(&descriptors);
    std::fs::write(out.join("sandyq_descriptor.bin"), encoded)?;
    tonic_prost_build::configure()
        .bytes(".sandyq.v1.WriteRequest.data")
        .bytes(".sandyq.v1.ImportImageRequest.data")
        .bytes(".sandyq.v1.DownloadOutputResponse.data")
        .bytes(".sandyq.v1.CallTrialRequest.body")
        .bytes(".sandyq.v1.CallTrialResponse.body")
        .bytes(".sandyq.v1.DownloadShellRecordResponse.data")
        .compile_fds(descriptors)?;
    Ok(())
}
