//! The one place that reads YAML.
