//! `sumun man`: the manual pages, made of the same texts as `--help`.

use std::io::{self, Write as _};

use clap::CommandFactory as _;

use super::args::{Arguments, ManArgs};
use super::exit::{Exit, Failure, Outcome};

pub(super) fn run(arguments: &ManArgs) -> Outcome {
    if let Some(folder) = &arguments.dir {
        clap_mangen::generate_to(Arguments::command(), folder).map_err(|error| {
            let text =
                format!("the pages cannot be written to {} ({error}); name a folder", folder.display());
            Failure::new(Exit::Usage, text)
        })?;
        return Ok(Exit::Ok);
    }
    let mut page = Vec::new();
    // Writing to memory cannot fail.
    clap_mangen::Man::new(Arguments::command()).render(&mut page).unwrap_or_default();
    io::stdout().lock().write_all(&page).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}
