//! Connections before there is a call: TLS for all, and bounds for each. Whoever shows no certificate of the platform's authority is
//! a stranger: a few at a time of each address, and not for long. So nobody from outside takes the places, or the file descriptors, of
//! those who work here.

use std::collections::HashMap;
use std::io::{Error as IoError, ErrorKind, Result as IoResult};
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::{Connected, TcpConnectInfo, TlsConnectInfo};

use crate::error::{Error, Result};
use crate::pki::{Pair, certificate_name};
use crate::platform::Platform;

/// For a handshake, and for the first bytes after it.
const PATIENCE: Duration = Duration::from_secs(10);
/// For all that a stranger has to say.
const STRANGER: Duration = Duration::from_secs(60);
/// As many bytes as a client of HTTP/2 sends before anything else (RFC 9113, section 3.4).
const PREFACE: usize = 24;
/// Before a listener that failed is asked again, and between two looks for a place.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a connection looks for a place before it closes: many that come at one time are not turned away.
const LOOKS: usize = 10;
/// Connections that look for one, beside those that have theirs.
const MORE: usize = 128;
/// Connections that wait for their server to take them.
const WAITING: usize = 16;

/// How many connections a server has at one time.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of all.
    pub all: usize,
    /// That show one certificate.
    pub of_one: usize,
    /// Without a certificate, or before it was shown.
    pub strangers: usize,
    /// Of those, from one address; of IPv6, from one network of 64 bits.
    pub strangers_of_one: usize,
}

/// TLS as a server speaks it.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The protocol in it.
    pub protocol: &'static [u8],
    /// Whether a client may come without a certificate.
    pub strangers: bool,
}

/// What is needed for TLS: the server's own pair, and the authority whose certificates are taken.
///
/// # Errors
/// They are none.
pub fn tls(pair: &Pair, authority_pem: &str, terms: Terms) -> Result<TlsAcceptor> {
    let failed = |error: rustls::Error| Error::internal("prepare TLS", error);
    let unread = |text: String| Error::internal("read its certificates", IoError::other(text));
    let unread_pem = |error: rustls::pki_types::pem::Error| unread(error.to_string());
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(authority_pem.as_bytes()).map_err(unread_pem)?;
    roots.add(authority).map_err(failed)?;
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pair.certificate_pem.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key_pem.as_bytes()).map_err(unread_pem)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = match terms.strangers {
        true => verifier.allow_unauthenticated(),
        false => verifier,
    };
    let verifier = verifier
        .build()
        .map_err(|error| unread(error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.map_err(unread_pem)?, key)
        .map_err(failed)?;
    config.alpn_protocols = vec![terms.protocol.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Takes in connections until the server shuts down or nobody wants them any more.
pub fn accept(
    platform: &Arc<Platform>,
    listener: TcpListener,
    tls: TlsAcceptor,
    bounds: Bounds,
) -> mpsc::Receiver<IoResult<Guarded>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let platform = Arc::clone(platform);
    let places = Arc::new(Places::new(bounds));
    let coming = Arc::new(Semaphore::new(bounds.strangers + MORE));
    platform.tasks.clone().spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = platform.shutdown.cancelled() => return,
                () = sender.closed() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                // Out of descriptors, for instance; they come back.
                sleep(PAUSE).await;
                continue;
            };
            let Ok(coming) = Arc::clone(&coming).try_acquire_owned() else {
                continue;
            };
            let (tls, sender, shutdown) = (tls.clone(), sender.clone(), platform.shutdown.clone());
            let places = Arc::clone(&places);
            platform.tasks.spawn(async move {
                let shaken = async {
                    let place = places.wait(peer.ip()).await?;
                    let shaken = timeout(PATIENCE, shake(stream, &tls, place)).await;
                    shaken.ok().flatten()
                };
                let shaken = tokio::select! {
                    () = shutdown.cancelled() => return,
                    shaken = shaken => shaken,
                };
                drop(coming);
                if let Some(guarded) = shaken {
                    // The server may have gone.
                    let _ = sender.send(Ok(guarded)).await;
                }
            });
        }
    });
    receiver
}

async fn shake(stream: TcpStream, tls: &TlsAcceptor, mut place: Place) -> Option<Guarded> {
    // A connection without it is only slower.
    let _ = stream.set_nodelay(true);
    let stream = tls.accept(stream).await.ok()?;
    let shown = stream.get_ref().1.peer_certificates();
    let certificate = shown
        .and_then(|chain| chain.first())
        .map(|der| der.to_vec());
    if let Some(der) = &certificate
        && !place.known_by(certificate_name(der))
    {
        return None;
    }
    let (patience, left) = match certificate {
        Some(_) => (PATIENCE, PREFACE),
        None => (STRANGER, usize::MAX),
    };
    Some(Guarded {
        stream,
        certificate,
        patience: Some(Box::pin(sleep(patience))),
        left,
        _place: place,
    })
}

/// Whose a place is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Address(IpAddr),
    Certificate(String),
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    strangers: usize,
    by: HashMap<Whose, usize>,
}

impl Taken {
    fn of(&self, whose: &Whose) -> usize {
        self.by.get(whose).copied().unwrap_or(0)
    }

    fn add(&mut self, whose: &Whose) {
        self.all += 1;
        self.strangers += usize::from(matches!(whose, Whose::Address(_)));
        *self.by.entry(whose.clone()).or_default() += 1;
    }

    fn remove(&mut self, whose: &Whose) {
        self.all -= 1;
        self.strangers -= usize::from(matches!(whose, Whose::Address(_)));
        if let Some(taken) = self.by.get_mut(whose) {
            *taken -= 1;
            if *taken == 0 {
                self.by.remove(whose);
            }
        }
    }
}

#[derive(Debug)]
struct Places {
    bounds: Bounds,
    taken: Mutex<Taken>,
}

/// A place among the connections; given back when it is dropped.
#[derive(Debug)]
struct Place {
    places: Arc<Places>,
    whose: Whose,
}

impl Places {
    fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            taken: Mutex::default(),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place as soon as there is one, if that is soon.
    async fn wait(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        for _ in 0..LOOKS {
            if let Some(place) = self.enter(address) {
                return Some(place);
            }
            sleep(PAUSE).await;
        }
        None
    }

    fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let whose = Whose::Address(network(address));
        let mut taken = self.taken();
        let Bounds {
            all,
            strangers,
            strangers_of_one,
            ..
        } = self.bounds;
        if taken.all >= all || taken.strangers >= strangers || taken.of(&whose) >= strangers_of_one
        {
            return None;
        }
        taken.add(&whose);
        let places = Arc::clone(self);
        Some(Place { places, whose })
    }
}

impl Place {
    /// From now on it is that of a certificate, if that has one left.
    fn known_by(&mut self, certificate: String) -> bool {
        let whose = Whose::Certificate(certificate);
        let mut taken = self.places.taken();
        if taken.of(&whose) >= self.places.bounds.of_one {
            return false;
        }
        taken.remove(&self.whose);
        taken.add(&whose);
        self.whose = whose;
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().remove(&self.whose);
    }
}

/// What counts as one address: whoever has an IPv6 network of 64 bits has all of its addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        address => address,
    }
}

/// A connection after its handshake. It fails where its client lets it wait too long for its first bytes, and that of a stranger
/// after a while in any case.
#[derive(Debug)]
pub struct Guarded {
    stream: TlsStream<TcpStream>,
    certificate: Option<Vec<u8>>,
    patience: Option<Pin<Box<Sleep>>>,
    /// Bytes until nobody is impatient any more.
    left: usize,
    _place: Place,
}

impl Guarded {
    /// The certificate that was shown, as DER.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<IoResult<()>> {
        if let Some(patience) = &mut self.patience
            && patience.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.left = self.left.saturating_sub(buffer.filled().len() - before);
        if self.left == 0 {
            self.patience = None;
        }
        read
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<IoResult<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<IoResult<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<IoResult<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected for Guarded {
    type ConnectInfo = TlsConnectInfo<TcpConnectInfo>;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.stream.connect_info()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    const BOUNDS: Bounds = Bounds {
        all: 6,
        of_one: 2,
        strangers: 4,
        strangers_of_one: 3,
    };

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn strangers_take_no_places_of_those_who_are_known() {
        let places = Arc::new(Places::new(BOUNDS));
        let enter = |text: &str| places.enter(address(text));
        let mut held: Vec<Place> = (0..3).map(|_| enter("192.0.2.1").unwrap()).collect();
        assert!(enter("192.0.2.1").is_none(), "too many of one address");
        assert!(enter("::ffff:192.0.2.1").is_none(), "written otherwise");
        let other = enter("192.0.2.2").unwrap();
        assert!(enter("192.0.2.3").is_none(), "too many strangers");

        // Whoever is known leaves a place for the next stranger.
        assert!(held.first_mut().unwrap().known_by("a".to_owned()));
        let mut next = enter("192.0.2.1").unwrap();
        assert!(next.known_by("a".to_owned()));
        let mut third = enter("192.0.2.1").unwrap();
        assert!(!third.known_by("a".to_owned()), "too many of one");
        assert!(third.known_by("b".to_owned()));
        assert_eq!(places.taken().all, 6);
        held.extend([other, next, third]);
        let none = enter("192.0.2.9");
        assert!(none.is_none(), "too many of all");
        drop(held);
        let taken = places.taken();
        assert_eq!((taken.all, taken.strangers, taken.by.len()), (0, 0, 0));
    }

    #[test]
    fn a_network_of_64_bits_is_one_address() {
        let same = |one: &str, other: &str| network(address(one)) == network(address(other));
        assert!(same("2001:db8::1", "2001:db8::ffff:1"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
