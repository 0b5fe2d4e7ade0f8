//! Letters of the two alphabets.

/// A Russian letter for each letter that only Kazakh has, and е for ё.
#[inline]
pub const fn russian_letter(letter: char) -> char {
    match letter {
        'ә' => 'а',
        'ғ' => 'г',
        'қ' => 'к',
        'ң' => 'н',
        'ө' => 'о',
        'ұ' | 'ү' => 'у',
        'һ' => 'х',
        'і' => 'и',
        'ё' => 'е',
        'Ә' => 'А',
        'Ғ' => 'Г',
        'Қ' => 'К',
        'Ң' => 'Н',
        'Ө' => 'О',
        'Ұ' | 'Ү' => 'У',
        'Һ' => 'Х',
        'І' => 'И',
        'Ё' => 'Е',
        _ => letter,
    }
}
