//! How many tests a runner says it passed.

/// Adds up the closing lines of nextest, of cargo's own runner, of node's (TAP), and the plain `N passed, N failed`.
pub(super) fn passed(printed: &str) -> usize {
    printed.lines().filter_map(|line| closing_line(line.trim())).sum()
}

fn closing_line(line: &str) -> Option<usize> {
    if let Some(count) = line.strip_prefix("# pass ") {
        return count.parse().ok();
    }
    let closes =
        ["Summary", "test result:"].iter().any(|start| line.starts_with(start)) || line.contains(" failed");
    let (before, _) = line.split_once(" passed")?;
    let count = before.rsplit(' ').next()?;
    closes.then(|| count.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn reads_each_runner() {
        let runners = [
            ("     Summary [   2.114s] 345 tests run: 345 passed, 2 skipped", 345),
            (
                "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                7,
            ),
            ("# tests 60\n# pass 59\n# fail 1", 59),
            ("7 passed, 0 failed", 7),
            ("ok   the code has passed\n    Finished in 3 s", 0),
            ("test result: ok. 2 passed; 0 failed\n\ntest result: ok. 3 passed; 0 failed", 5),
        ];
        for (printed, count) in runners {
            assert_eq!(passed(printed), count, "{printed}");
        }
    }
}
