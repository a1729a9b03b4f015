//! Wrong combinations of a second factor's parts do not compile: `tests/ui` has them, each with what the compiler says.
