//! What is wrong with a command line, told without its values: one of them may be a phone number that was meant for
//! stdin, and stderr is logged.

use clap::error::{ContextKind, ContextValue};

const LEFT_OUT: &str = "…";

/// Tells it and ends the process, as clap would: `--help` is told in the same way, with another exit code.
#[expect(clippy::exit, reason = "before anything runs there is nothing to close")]
pub(super) fn exit(error: clap::Error) -> ! {
    let error = without_values(error);
    // Whoever closed the stream does not want to read it.
    error.print().unwrap_or_default();
    std::process::exit(error.exit_code())
}

fn without_values(mut error: clap::Error) -> clap::Error {
    let left_out = || ContextValue::String(LEFT_OUT.to_owned());
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
        if error.get(kind).is_some() {
            error.insert(kind, left_out());
        }
    }
    // The name of an option may be told, a value in its place not; no option of ours has a digit in its name.
    let is_name =
        |text: &str| text.starts_with(['-', '<', '[']) && !text.contains(|one: char| one.is_numeric());
    if let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg)
        && !is_name(argument)
    {
        error.insert(ContextKind::InvalidArg, left_out());
    }
    error
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::without_values;
    use crate::cli::args::Arguments;

    #[track_caller]
    fn check(line: &str, told: &str) {
        let error = Arguments::try_parse_from(line.split(' ')).map(|_| ()).unwrap_err();
        let text = without_values(error).to_string();
        assert!(text.contains(told), "{line}: {text}");
        assert!(!text.contains("010-2345-6703"), "{line}: {text}");
    }

    #[test]
    fn a_value_is_named_by_its_place() {
        check("sumun token --type phone -c a 010-2345-6703", "unexpected argument '…'");
        check(
            "sumun token --type 010-2345-6703 -c a",
            "invalid value '…' for '--type <TYPE>': one of member, phone",
        );
        check("sumun scan -o 010-2345-6703", "invalid value '…' for '--output <FORMAT>'");
        check("sumun bench --corpus c --threads 010-2345-6703", "for '--threads <THREADS>'");
        check("sumun 010-2345-6703", "unrecognized subcommand '…'");
        check("sumun scan --reveal=010-2345-6703", "unexpected value '…' for '--reveal'");
        check("sumun scan --tpye", "unexpected argument '--tpye'");
        check("sumun token --010-2345-6703", "unexpected argument '…'");
    }
}
