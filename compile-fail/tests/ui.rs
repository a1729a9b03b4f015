//! Wrong combinations do not compile.

#[test]
fn a_wrong_combination_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
