//! The vocabulary against the wire: what a tenant is known to send is read, and written again as it came.

mod round_trip;
mod survives;
