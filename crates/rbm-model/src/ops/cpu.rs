//! Shared by the CPU backends.
