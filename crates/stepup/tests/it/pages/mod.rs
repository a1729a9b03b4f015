//! The ready-made pages, and the detours that lead over them.

mod detour;
mod factors;
mod hostile;
mod manage;
mod options;
mod room;
mod told;
mod visitor;
