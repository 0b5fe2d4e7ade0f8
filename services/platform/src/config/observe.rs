//! What may be seen of the server from beside it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Where the server's metrics can be read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawMetrics {
    /// A loopback address and port, or nothing.
    pub listen: String,
}

/// Where traces are sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawTraces {
    /// Loopback address and port of an OTLP collector, or nothing.
    pub collector: String,
}

/// An address of this machine alone; `None` when nothing is written.
///
/// # Errors
/// What is wrong with it.
pub fn loopback(text: &str) -> Result<Option<SocketAddr>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let address: SocketAddr = text
        .parse()
        .map_err(|_| format!("{text:?} is not an address and port such as 127.0.0.1:9464"))?;
    if address.ip().is_loopback() {
        Ok(Some(address))
    } else {
        Err(format!(
            "{address} is not a loopback address; it is spoken to without TLS, so it must not leave this machine"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::loopback;

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        assert_eq!(loopback(""), Ok(None));
        assert!(matches!(loopback("127.0.0.1:9464"), Ok(Some(_))));
        assert!(matches!(loopback("[::1]:9464"), Ok(Some(_))));
        for outside in [
            "0.0.0.0:9464",
            "10.0.0.1:9464",
            "[::]:9464",
            "localhost:9464",
            "9464",
        ] {
            assert!(loopback(outside).is_err(), "{outside}");
        }
    }
}
