//! What a browser makes of a page.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// A page as laid out in a window 1,280 pixels wide.
#[derive(Debug)]
pub struct Page {
    /// SVG pictures.
    pub pictures: i64,
    /// Those of them that take no place.
    pub empty_pictures: i64,
    /// Files that the page asked for beyond itself.
    pub requests: i64,
    /// Pixels that have to be scrolled sideways.
    pub wider_than_the_window: i64,
    /// Characters that are to be read.
    pub characters: i64,
}

/// Looks at the page from inside and leaves what it saw where the printed document shows it.
const LOOK: &str = "<script>addEventListener('load', () => {
  const pictures = [...document.querySelectorAll('svg')];
  const empty = pictures.filter(p => { const b = p.getBoundingClientRect(); return !(b.width && b.height); });
  document.documentElement.dataset.seen = JSON.stringify({
    pictures: pictures.length, empty: empty.length,
    requests: performance.getEntriesByType('resource').length,
    wider: document.documentElement.scrollWidth - innerWidth,
    characters: document.body.innerText.length });
});</script>";

impl Page {
    /// Opens a copy of a page that looks at itself.
    pub fn open(file: &Path) -> Self {
        let copy = file.with_extension("looking.html");
        let page = std::fs::read_to_string(file).unwrap();
        // The page forbids scripts and every request; without that, whatever it asked for would be seen.
        let open = page.replacen("default-src 'none'", "default-src * 'unsafe-inline'", 1);
        assert_ne!(open, page, "the page forbids nothing");
        let looking = open.replacen("</head>", &format!("{LOOK}</head>"), 1);
        std::fs::write(&copy, looking).unwrap();
        let dom = chromium(file, &["--dump-dom", &url(&copy)]);
        let seen = dom
            .split("data-seen=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_else(|| panic!("the page did not load: {}", &dom[..dom.len().min(2000)]));
        let seen: Value = serde_json::from_str(&seen.replace("&quot;", "\"")).unwrap();
        let number = |name: &str| seen[name].as_i64().unwrap();
        Self {
            pictures: number("pictures"),
            empty_pictures: number("empty"),
            requests: number("requests"),
            wider_than_the_window: number("wider"),
            characters: number("characters"),
        }
    }
}

/// Prints a page; returns how many sheets it takes.
pub fn print(file: &Path) -> usize {
    let sheets = file.with_extension("pdf");
    chromium(
        file,
        &[&format!("--print-to-pdf={}", sheets.display()), &url(file)],
    );
    let pdf = std::fs::read(sheets).unwrap();
    let pdf = String::from_utf8_lossy(&pdf);
    pdf.matches("/Type /Page\n").count()
}

fn url(file: &Path) -> String {
    format!("file://{}", file.display())
}

fn chromium(beside: &Path, arguments: &[&str]) -> String {
    let out = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1280,1000",
        ])
        .arg(format!(
            "--user-data-dir={}",
            beside.with_extension("browser").display()
        ))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8_lossy(&out.stdout).into_owned()
}
