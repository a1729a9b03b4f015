//! Wrong combinations of a second factor's parts, or of a guard's, do not compile: `tests/ui` has them, each with what the compiler says.
