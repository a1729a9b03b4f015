//! A QR code as inline SVG.

use fast_qr::{ECL, QRBuilder};

/// Light modules around the code (ISO/IEC 18004 asks for four).
const QUIET_ZONE: usize = 4;

/// The QR code of `text`, black on white in both themes, `label` for those who cannot see it; `None` if it is longer than a
/// QR code holds (about 2 KB).
pub(super) fn svg(text: &str, label: &str) -> Option<String> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let side = code.size + 2 * QUIET_ZONE;
    let mut path = String::new();
    for row in 0..code.size {
        let modules = &code[row];
        let mut column = 0;
        for run in modules.chunk_by(|left, right| left.value() == right.value()) {
            if run[0].value() {
                let (x, y, width) = (column + QUIET_ZONE, row + QUIET_ZONE, run.len());
                path.push_str(&format!("M{x} {y}h{width}v1h-{width}z"));
            }
            column += run.len();
        }
    }
    let label = label.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    Some(format!(
        r##"<svg class="qr" role="img" aria-label="{label}" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" xmlns="http://www.w3.org/2000/svg"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_drawn_row_by_row_inside_its_quiet_zone() {
        let drawn =
            svg("otpauth://totp/t:ada?secret=GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4", "a \"code\"").unwrap();
        // The finder pattern: seven dark modules in the first row, at the corner of the quiet zone.
        assert!(drawn.contains("M4 4h7v1h-7z"), "{drawn}");
        assert!(drawn.contains("aria-label=\"a &quot;code&quot;\""), "{drawn}");
    }

    #[test]
    fn what_no_code_holds_is_none() {
        assert_eq!(svg(&"x".repeat(4000), ""), None);
    }
}
