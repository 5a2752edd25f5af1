//! Address to country, from mmdb files.
