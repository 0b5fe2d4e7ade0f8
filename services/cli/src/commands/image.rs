//! Container images.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Subcommand;
use sandyq_proto::v1::{
    ApproveImageRequest, GetImageRequest, Image, ImportImageRequest, ListImagesRequest,
    RevokeImageRequest,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::client::{Client, ImageServiceClient, PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::transfer::{self, CHUNK, Progress};
use crate::{Session, parse};

/// `sandyq image`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring in an image archive (`docker save` or OCI layout, tar).
    #[command(
        after_help = "Example:\n  sandyq image import python.tar --name 'Python with scikit-learn'"
    )]
    Import {
        /// The archive.
        file: PathBuf,
        /// What people call it.
        #[arg(long)]
        name: String,
    },
    /// List images.
    #[command(after_help = "Example:\n  sandyq image list")]
    List,
    /// Show an image.
    #[command(after_help = "Example:\n  sandyq image show sha256:9f86d08...")]
    Show {
        /// Its name or digest.
        #[arg(value_parser = parse::image)]
        image: String,
    },
    /// Let jobs use an image (operator).
    #[command(
        after_help = "Example:\n  sandyq image approve sha256:9f86d08... --reason 'built by deploy/images/python.sh'"
    )]
    Approve {
        /// Its name or digest.
        #[arg(value_parser = parse::image)]
        image: String,
        /// Why; kept with the image.
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Take an approval back, or refuse an image (operator).
    #[command(
        after_help = "Example:\n  sandyq image revoke sha256:9f86d08... --reason 'CVE-2026-1234'"
    )]
    Revoke {
        /// Its name or digest.
        #[arg(value_parser = parse::image)]
        image: String,
        /// Why; kept with the image.
        #[arg(long)]
        reason: String,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    let image = match command {
        Command::Import { file, name } => import(&client, &file, name).await?,
        Command::List => {
            let all = pages(async |page_token| {
                let request = ListImagesRequest {
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, ImageServiceClient, list_images, request)?;
                Ok((page.images, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Command::Show { image } => {
            rpc!(
                client,
                ImageServiceClient,
                get_image,
                GetImageRequest { name: image }
            )?
            .image
        }
        Command::Approve { image, reason } => {
            let request = ApproveImageRequest {
                name: image,
                reason,
                request_id: request_id(),
            };
            rpc!(client, ImageServiceClient, approve_image, request)?.image
        }
        Command::Revoke { image, reason } => {
            let request = RevokeImageRequest {
                name: image,
                reason,
                request_id: request_id(),
            };
            rpc!(client, ImageServiceClient, revoke_image, request)?.image
        }
    };
    session
        .printer
        .show(&image.ok_or_else(|| Failure::incomplete("image"))?)
}

/// Sends the archive; from the beginning again where the connection was lost, since an import is all or nothing.
async fn import(client: &Client, path: &Path, display_name: String) -> Result<Option<Image>> {
    let (sha256, _) =
        transfer::sha256_of_file(path.to_owned(), Progress::of_file("hashing", path)?).await?;
    let mut backoff = client.long_backoff();
    loop {
        let first = ImportImageRequest {
            display_name: display_name.clone(),
            archive_sha256: sha256.clone(),
            data: Bytes::new(),
        };
        let progress = Progress::of_file("importing", path)?;
        let (sender, receiver) = mpsc::channel(4);
        let path = path.to_owned();
        let reading = tokio::spawn(transfer::blocking(move || {
            read_messages(&path, first, &sender, &progress)
        }));
        let answer = ImageServiceClient::new(client.channel())
            .import_image(ReceiverStream::new(receiver))
            .await;
        if let Ok(Err(failure)) = reading.await {
            return Err(failure);
        }
        match answer {
            Ok(answer) => return Ok(answer.into_inner().image),
            Err(status) => backoff.wait(status).await?,
        }
    }
}

fn read_messages(
    path: &Path,
    first: ImportImageRequest,
    sender: &mpsc::Sender<ImportImageRequest>,
    progress: &Progress,
) -> Result<()> {
    let unreadable = |error: std::io::Error| Failure::file("read", path, &error);
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut message = first;
    while sender.blocking_send(message).is_ok() {
        let mut data = Vec::with_capacity(CHUNK);
        let count = file
            .by_ref()
            .take(CHUNK as u64)
            .read_to_end(&mut data)
            .map_err(unreadable)?;
        if count == 0 {
            progress.finish();
            break;
        }
        progress.add(count);
        message = ImportImageRequest {
            data: Bytes::from(data),
            ..Default::default()
        };
    }
    Ok(())
}
