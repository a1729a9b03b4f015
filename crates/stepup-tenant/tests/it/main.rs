//! Tests through the public interface, one module a subject.

mod actions;
