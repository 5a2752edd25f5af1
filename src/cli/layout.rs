//! Lines for a person: they fit a terminal of 80 columns as far as what they show allows, and nothing that they show
//! can move the terminal's cursor.

use unicode_width::UnicodeWidthStr;

/// Columns of the terminal that lines are made for.
pub(super) const COLUMNS: usize = 80;

/// Paths, topics and revealed texts are whatever a sender writes: what would move a terminal's cursor, break the line
/// or turn the direction of writing is shown as an escape.
pub(super) fn line(out: &mut String, text: &str) {
    for character in text.chars() {
        if character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out.push('\n');
}

/// The text in lines of at most [`COLUMNS`], broken at blanks: the first behind `first`, the others behind as many
/// blanks. A word that is longer than a line has one of its own.
pub(super) fn wrapped(out: &mut String, first: &str, text: &str) {
    let indent = " ".repeat(first.width());
    let mut current = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let gap = usize::from(!is_empty);
        if !is_empty && current.width() + gap + word.width() > COLUMNS {
            line(out, &current);
            current.clone_from(&indent);
            is_empty = true;
        }
        if !is_empty {
            current.push(' ');
        }
        current.push_str(word);
        is_empty = false;
    }
    line(out, current.trim_end());
}

/// Columns side by side, two blanks between them; those that hold numbers only are aligned to the right.
pub(super) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heads.map(UnicodeWidthStr::width);
    let mut are_numbers = [!rows.is_empty(); N];
    for row in rows {
        for ((cell, column), is_number) in row.iter().zip(&mut widths).zip(&mut are_numbers) {
            *column = cell.width().max(*column);
            *is_number &= !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
        }
    }
    let mut out = String::new();
    let mut print = |cells: [&str; N]| {
        let mut row = String::new();
        for ((cell, column), is_number) in cells.into_iter().zip(widths).zip(are_numbers) {
            let blanks = " ".repeat(column.saturating_sub(cell.width()));
            let (before, after) = if is_number { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            for part in [before, cell, after, "  "] {
                row.push_str(part);
            }
        }
        line(&mut out, row.trim_end());
    };
    print(heads);
    for row in rows {
        print(row.each_ref().map(String::as_str));
    }
    out
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::{COLUMNS, table, wrapped};

    #[test]
    fn a_text_is_broken_at_blanks_and_indented_as_its_first_line() {
        let mut out = String::new();
        let long = "x".repeat(100);
        wrapped(&mut out, "  한글: ", &format!("{} {long} end", "word ".repeat(20)));
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("  한글: word word") && lines[1].starts_with("        word"), "{out}");
        assert!(lines.iter().all(|line| line.width() <= COLUMNS || line.trim() == long), "{out}");
        assert_eq!(lines.last(), Some(&"        end"));
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["전화번호".to_owned(), "7".to_owned()], ["a".to_owned(), "12".to_owned()]];
        assert_eq!(table(["name", "n"], &rows), "name       n\n전화번호   7\na         12\n");
    }
}
