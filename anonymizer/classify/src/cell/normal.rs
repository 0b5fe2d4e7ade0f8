//! Characters in their most usual form.

/// Writes the text with invisible characters left out, full-width ones narrow, accents composed, and special spaces, dashes and quotes
/// as ASCII has them.
pub fn normalize(text: &str, normal: &mut String) {
    normal.clear();
    for character in text.chars() {
        match character {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'
            | '\u{feff}'
            | '\u{202a}'..='\u{202e}' => {}
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => normal.push(' '),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => normal.push('-'),
            '«' | '»' | '“' | '”' | '„' => normal.push('"'),
            '’' | '‘' => normal.push('\''),
            '\u{ff01}'..='\u{ff5e}' => normal.push(narrow(character)),
            '\u{306}' => compose(normal, 'и', 'й'),
            '\u{308}' => compose(normal, 'е', 'ё'),
            '\u{300}'..='\u{36f}' => {}
            other => normal.push(other),
        }
    }
}

fn narrow(character: char) -> char {
    char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(' ')
}

/// Joins an accent with the letter before it, in either case.
fn compose(normal: &mut String, plain: char, accented: char) {
    let Some(last) = normal.pop() else { return };
    let upper = |c: char| c.to_uppercase().next().unwrap_or(c);
    normal.push(if last == plain {
        accented
    } else if last == upper(plain) {
        upper(accented)
    } else {
        last
    });
}
