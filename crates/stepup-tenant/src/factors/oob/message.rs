//! The words around a code: templates with `{{code}}` and `{{tenant.friendly_name}}`, as the configuration has them.

/// Fills in a template. A variable that is not known is left out, as in Liquid; what is filled in is never looked at again.
pub(super) fn render(template: &str, code: &str, tenant: &str) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            text.push_str("{{");
            rest = after;
            continue;
        };
        match name.trim() {
            "code" => text.push_str(code),
            "tenant.friendly_name" => text.push_str(tenant),
            _ => {}
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// Whether a message of this template says the code.
pub(crate) fn says_code(template: &str) -> bool {
    const CODE: &str = "\0";
    render(template, CODE, "").matches(CODE).count() > template.matches(CODE).count()
}

/// A code as it is read out: digit by digit.
pub(super) fn spoken(code: &str) -> String {
    let digits: Vec<String> = code.chars().map(String::from).collect();
    digits.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variables_are_filled_in_once() {
        for (template, expected) in [
            ("{{code}}", "123456"),
            ("Code {{ code }} for {{tenant.friendly_name}}.", "Code 123456 for {{code}}."),
            ("{{nothing}}x{{ }}", "x"),
            ("{{code} {{", "{{code} {{"),
            ("}} {{code}}}}", "}} 123456}}"),
            ("", ""),
        ] {
            assert_eq!(render(template, "123456", "{{code}}"), expected, "{template}");
        }
        assert_eq!(spoken("123456"), "1 2 3 4 5 6");
        for (template, says) in [("{{ code }}", true), ("Code {{code}}!", true), ("{code} \0 {{cod}}", false)]
        {
            assert_eq!(says_code(template), says, "{template}");
        }
    }

    proptest! {
        #[test]
        fn any_template_renders(template in ".{0,80}", tenant in ".{0,20}") {
            render(&template, "123456", &tenant);
        }
    }
}
