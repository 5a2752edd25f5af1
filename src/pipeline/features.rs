//! What the librdkafka in this binary must be able to do.

use rdkafka::ClientConfig;

/// Without zstd one compressed batch stalls its partition for ever, silently; without ssl there is no TLS.
const FEATURES: [&str; 2] = ["zstd", "ssl"];

/// The features that are missing from `builtin.features`.
pub fn missing_features() -> Vec<&'static str> {
    let built = ClientConfig::new()
        .create_native_config()
        .and_then(|config| config.get("builtin.features"))
        .unwrap_or_default();
    FEATURES.into_iter().filter(|feature| !built.split(',').any(|has| has.trim() == *feature)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_build_can_read_zstd_and_speak_tls() {
        assert_eq!(super::missing_features(), [""; 0]);
    }
}
