//! Pictures. Each says in words what it shows, and every number in it stands in a table or label beside it.

use maud::{Markup, html};

use super::show;

/// One place on the axis of a column chart, with a column for the dataset and one for the release.
pub(super) struct Group {
    pub label: String,
    pub before: Option<f64>,
    pub after: f64,
}

/// One bar from the left.
pub(super) struct Row {
    pub label: String,
    pub share: f64,
    /// The number in words.
    pub number: String,
    /// Whether it is of the dataset, not of the release.
    pub before: bool,
}

/// Sizes of a column chart, in units of the picture.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

const LEFT: f64 = 44.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 38.0;

/// Columns side by side: before in grey, after in blue. `show` writes the numbers, shortly.
pub(super) fn columns(
    title: &str,
    axis: &str,
    groups: &[Group],
    size: Size,
    show: fn(f64) -> String,
) -> Markup {
    let most = groups
        .iter()
        .flat_map(|group| [group.before.unwrap_or(0.0), group.after])
        .fold(0.0, f64::max);
    let (step, steps) = ticks(most);
    let top = step * steps as f64;
    let (plot_width, plot_height) = (size.width - LEFT - 6.0, size.height - TOP - BOTTOM);
    let y = |value: f64| TOP + plot_height * (1.0 - value / top);
    let slot = plot_width / groups.len().max(1) as f64;
    let paired = groups.iter().any(|group| group.before.is_some());
    let width = (slot * if paired { 0.38 } else { 0.6 }).min(38.0);
    let column = |class: &str, x: f64, value: f64| {
        html! {
            rect class=(class) x=(place(x)) y=(place(y(value))) width=(place(width)) height=(place(y(0.0) - y(value))) {}
            @if value > 0.0 && slot > 40.0 {
                text class="number" x=(place(x + width / 2.0)) y=(place(y(value) - 3.0)) { (show(value)) }
            }
        }
    };
    picture(
        size,
        title,
        &described(groups, show),
        &html! {
            @for tick in 0..=steps {
                @let at = y(step * tick as f64);
                line class="grid" x1=(place(LEFT)) x2=(place(size.width - 6.0)) y1=(place(at)) y2=(place(at)) {}
                text class="tick" x=(place(LEFT - 5.0)) y=(place(at + 3.5)) { (show(step * tick as f64)) }
            }
            @for (index, group) in groups.iter().enumerate() {
                @let middle = LEFT + slot * (index as f64 + 0.5);
                @if let Some(before) = group.before {
                    (column("before", middle - width - 0.5, before))
                    (column("after", middle + 0.5, group.after))
                } @else if paired {
                    (column("after", middle + 0.5, group.after))
                } @else {
                    (column("after", middle - width / 2.0, group.after))
                }
                text class="label" x=(place(middle)) y=(place(size.height - BOTTOM + 14.0)) { (group.label) }
            }
            text class="axis" x=(place(LEFT + plot_width / 2.0)) y=(place(size.height - 5.0)) { (axis) }
        },
    )
}

/// What a column chart shows, for whoever cannot see it.
fn described(groups: &[Group], show: fn(f64) -> String) -> String {
    let part = |group: &Group| match group.before {
        Some(before) => format!(
            "{}: before {}, after {}",
            group.label,
            show(before),
            show(group.after)
        ),
        None => format!("{}: {}", group.label, show(group.after)),
    };
    groups.iter().map(part).collect::<Vec<_>>().join("; ")
}

/// Bars from the left, each with its label and its number in words; `most` fills the width.
pub(super) fn rows(title: &str, bars: &[Row], most: f64) -> Markup {
    let (line, left, width) = (24.0, 190.0, 400.0);
    let size = Size {
        width: 680.0,
        height: line * bars.len() as f64 + 6.0,
    };
    let parts = bars
        .iter()
        .map(|bar| format!("{}: {}", bar.label, bar.number));
    picture(
        size,
        title,
        &parts.collect::<Vec<_>>().join("; "),
        &html! {
            @for (index, bar) in bars.iter().enumerate() {
                @let top = line * index as f64 + 3.0;
                @let length = if most > 0.0 { (bar.share / most).clamp(0.0, 1.0) * width } else { 0.0 };
                text class="name" x=(place(left - 8.0)) y=(place(top + 13.0)) { (show::shortened(&bar.label, 30)) }
                rect class="track" x=(place(left)) y=(place(top)) width=(place(width)) height="18" {}
                rect class=(if bar.before { "before" } else { "after" }) x=(place(left)) y=(place(top)) width=(place(length)) height="18" {}
                text class="value" x=(place(left + width + 8.0)) y=(place(top + 13.0)) { (bar.number) }
            }
        },
    )
}

/// Two thin bars for one row of a table, which has the numbers.
pub(super) fn pair(before: f64, after: f64, most: f64) -> Markup {
    let length = |share: f64| {
        let part = if most > 0.0 { share / most } else { 0.0 };
        place(part.clamp(0.0, 1.0) * 120.0)
    };
    html! {
        svg class="pair" viewBox="0 0 120 14" width="120" height="14" aria-hidden="true" {
            rect class="before" x="0" y="1" width=(length(before)) height="5.5" {}
            rect class="after" x="0" y="7" width=(length(after)) height="5.5" {}
        }
    }
}

/// A square of numbers from 0 to 1: below the diagonal those before, above it those after.
pub(super) fn heat_map(
    title: &str,
    names: &[String],
    before: impl Fn(usize, usize) -> Option<f64>,
    after: impl Fn(usize, usize) -> Option<f64>,
) -> Markup {
    let count = names.len();
    let cell = (500.0 / count.max(1) as f64).clamp(16.0, 46.0);
    let (left, top) = (150.0, 6.0);
    let side = cell * count as f64;
    let size = Size {
        width: left + side + 10.0,
        height: top + side + 95.0,
    };
    let at = |index: usize| cell * index as f64;
    let shown = |row: usize, column: usize| {
        if row > column {
            before(row, column)
        } else {
            after(row, column)
        }
    };
    let body = html! {
        @for (row, name) in names.iter().enumerate() {
            text class="name" x=(place(left - 8.0)) y=(place(top + at(row) + cell / 2.0 + 4.0)) { (show::shortened(name, 22)) }
            @for column in 0..count {
                @let (x, y) = (left + at(column), top + at(row));
                @if row == column {
                    rect class="self" x=(place(x)) y=(place(y)) width=(place(cell)) height=(place(cell)) {}
                } @else if let Some(value) = shown(row, column) {
                    rect x=(place(x)) y=(place(y)) width=(place(cell)) height=(place(cell)) fill=(shade(value)) stroke="#fff" {}
                    @if cell >= 28.0 {
                        text class=(if value > 0.55 { "cell light" } else { "cell" }) x=(place(x + cell / 2.0)) y=(place(y + cell / 2.0 + 4.0)) {
                            (format!("{value:.2}"))
                        }
                    }
                }
            }
        }
        @for (column, name) in names.iter().enumerate() {
            @let (x, y) = (left + at(column) + cell / 2.0 + 4.0, top + side + 10.0);
            text class="name" transform=(format!("rotate(-50 {} {})", place(x), place(y))) x=(place(x)) y=(place(y)) {
                (show::shortened(name, 18))
            }
        }
    };
    picture(
        size,
        title,
        "The numbers that changed most stand in the table below.",
        &body,
    )
}

/// From white to dark blue.
fn shade(value: f64) -> String {
    let part = value.clamp(0.0, 1.0).sqrt();
    let mix = |from: f64, to: f64| (from + (to - from) * part).round() as u8;
    format!(
        "#{:02x}{:02x}{:02x}",
        mix(246.0, 23.0),
        mix(248.0, 75.0),
        mix(250.0, 130.0)
    )
}

fn picture(size: Size, title: &str, description: &str, body: &Markup) -> Markup {
    html! {
        svg class="picture" role="img" aria-label=(title) viewBox=(format!("0 0 {} {}", place(size.width), place(size.height)))
            width=(place(size.width)) {
            title { (title) }
            desc { (description) }
            (body)
        }
    }
}

/// The distance of ticks on an axis up to `most`, and their number.
fn ticks(most: f64) -> (f64, u32) {
    if most <= 0.0 || !most.is_finite() {
        return (1.0, 1);
    }
    let power = 10_f64.powf((most / 4.0).log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| step * 4.0 >= most * 0.999_999)
        .unwrap_or(10.0 * power);
    (step, (most / step * 0.999_999).ceil().max(1.0) as u32)
}

/// A coordinate in tenths.
fn place(at: f64) -> String {
    let text = format!("{at:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_numbers_up_to_the_greatest_value() {
        assert_eq!(ticks(1.0), (0.25, 4));
        assert_eq!(ticks(0.37), (0.1, 4));
        assert_eq!(ticks(8_700.0), (2_500.0, 4));
        assert_eq!(ticks(0.0), (1.0, 1));
        for most in [0.000_3, 0.9, 3.0, 17.0, 1e9] {
            let (step, count) = ticks(most);
            assert!(step * f64::from(count) >= most * 0.999_99);
            assert!(step * f64::from(count - 1) < most);
        }
    }

    #[test]
    fn pictures_escape_what_is_in_them_and_describe_themselves() {
        let groups = [Group {
            label: "<script>".to_owned(),
            before: Some(0.5),
            after: 1.0,
        }];
        let size = Size {
            width: 300.0,
            height: 200.0,
        };
        let svg = columns("T & t", "x", &groups, size, show::rounded).into_string();
        assert!(!svg.contains("<script>"));
        assert!(svg.contains("<title>T &amp; t</title>"));
        assert!(svg.contains("before 50%, after 100%"));
    }

    #[test]
    fn an_empty_picture_is_a_picture() {
        let size = Size {
            width: 300.0,
            height: 200.0,
        };
        for svg in [
            columns("t", "x", &[], size, show::rounded),
            rows("t", &[], 0.0),
            heat_map("t", &[], |_, _| None, |_, _| None),
        ] {
            assert!(!svg.into_string().contains("NaN"));
        }
        assert!(!pair(0.0, 0.0, 0.0).into_string().contains("NaN"));
    }
}
