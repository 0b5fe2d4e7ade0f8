//! Addresses in networks.

/// An IPv4 address, RFC 791, in four decimal numbers.
pub fn is_ipv4(text: &str) -> bool {
    text.trim().parse::<std::net::Ipv4Addr>().is_ok()
}

/// An IPv6 address, RFC 4291.
pub fn is_ipv6(text: &str) -> bool {
    text.trim().parse::<std::net::Ipv6Addr>().is_ok()
}

/// An EUI-48: six pairs of hexadecimal digits parted by `:` or `-`, or three groups of four parted by dots.
pub fn is_mac(text: &str) -> bool {
    let text = text.trim();
    let parted = |by: char, groups: usize, length: usize| {
        let hexadecimal =
            |group: &str| group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit());
        text.split(by).count() == groups && text.split(by).all(hexadecimal)
    };
    parted(':', 6, 2) || parted('-', 6, 2) || parted('.', 3, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert!(is_ipv4("192.168.1.10") && !is_ipv4("256.1.1.1") && !is_ipv4("1.2.3"));
        assert!(is_ipv6("2001:db8::1") && is_ipv6("::1") && !is_ipv6("12:30:45"));
        assert!(
            is_mac("00:1B:44:11:3a:B7") && is_mac("00-1B-44-11-3A-B7") && is_mac("001b.4411.3ab7")
        );
        assert!(!is_mac("00:1B:44:11:3A") && !is_mac("00:1B:44:11:3A:ZZ"));
    }
}
