//! Container images.

use bytes::Bytes;
use futures::StreamExt;
use ring::digest::{Context, SHA256};
use sandyq_access::{OrganizationKind, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::image_service_server::ImageService;
use sandyq_sandbox::Engine;
use sandyq_sandbox::engine::ImportedImage;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{Services, text};
use crate::call::{Call, required_reason};
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::records::system::{Image, ImageEvent, ImageState};

/// Pieces of an archive that wait for the engine.
const WAITING: usize = 8;

/// Passes an archive on to the engine, counting and hashing.
async fn pass_on(
    mut stream: Streaming<v1::ImportImageRequest>,
    first: Bytes,
    limit: u64,
    sender: mpsc::Sender<std::io::Result<Bytes>>,
) -> Result<String> {
    let mut context = Context::new(&SHA256);
    let mut total = 0_u64;
    let mut next = Some(first);
    while let Some(data) = next {
        total = total.saturating_add(data.len() as u64);
        if total > limit {
            let error = std::io::Error::other("the archive is larger than this server allows");
            // The engine may have stopped reading already.
            let _ = sender.send(Err(error)).await;
            return Err(Error::new(
                Class::OutOfRange,
                "ARCHIVE_TOO_LARGE",
                format!("the archive is larger than this server's limit of {limit} bytes"),
            ));
        }
        context.update(&data);
        if sender.send(Ok(data)).await.is_err() {
            break;
        }
        let message = stream.message().await;
        next = match message {
            Ok(message) => message.map(|message| message.data),
            Err(status) => {
                let _ = sender
                    .send(Err(std::io::Error::other("the upload was cut")))
                    .await;
                return Err(Error::new(
                    Class::Unavailable,
                    "STREAM_BROKEN",
                    "the upload was cut; send the archive again",
                )
                .caused_by(status));
            }
        };
    }
    Ok(hex::encode(context.finish()))
}

fn record_name(digest: &str) -> String {
    format!("images/{}", digest.trim_start_matches("sha256:"))
}

impl Services {
    /// Removes what the engine took in, unless the platform knew it before: the same image may be in use.
    async fn discard(&self, engine: &dyn Engine, imported: &[ImportedImage]) -> Result<()> {
        for image in imported {
            let name = record_name(image.digest.as_str());
            if self.0.store.get::<Image>(&name).await?.is_none() {
                engine.remove_image(&image.digest).await?;
            }
        }
        Ok(())
    }

    async fn import(
        &self,
        mut call: Call,
        mut stream: Streaming<v1::ImportImageRequest>,
    ) -> Result<v1::ImportImageResponse> {
        call.authorize(Resource::platform()).await?;
        let first = stream
            .message()
            .await
            .map_err(|status| Error::invalid("data", status.message().to_owned()))?
            .ok_or_else(|| Error::invalid("data", "the stream was empty"))?;
        let display_name = text("display_name", &first.display_name, true, 200)?;
        let declared = first.archive_sha256.to_ascii_lowercase();
        let engine = self.0.engine.get().await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let limit = self.0.config.raw.intake.max_image_bytes;
        let archive = ReceiverStream::new(receiver).boxed();
        let (archive_sha256, imported) = tokio::join!(
            pass_on(stream, first.data, limit, sender),
            engine.import_image(archive)
        );
        let archive_sha256 = archive_sha256?;
        let imported = imported?;
        if !declared.is_empty() && declared != archive_sha256 {
            self.discard(engine.as_ref(), &imported).await?;
            return Err(Error::precondition(
                "HASH_MISMATCH",
                format!(
                    "the archive has SHA-256 {archive_sha256}, declared was {declared}; nothing was kept"
                ),
            ));
        }
        let [image] = imported.as_slice() else {
            self.discard(engine.as_ref(), &imported).await?;
            return Err(Error::invalid(
                "data",
                format!(
                    "the archive holds {} images; save one at a time",
                    imported.len()
                ),
            ));
        };
        if let Some(refusal) = &image.refusal {
            self.discard(engine.as_ref(), &imported).await?;
            return Err(Error::precondition("IMAGE_UNSAFE", refusal.clone()));
        }
        let digest = image.digest.as_str().to_owned();
        let name = record_name(&digest);
        // The same image may come twice; it keeps what was decided on it.
        if let Some(known) = self.0.store.get::<Image>(&name).await? {
            let mut image = convert::image(&known);
            if !call.may("ImageService.GetImage", known.resource()) {
                // Who else uses the image, and what they call it, is theirs.
                image.organization.clear();
                image.display_name = display_name;
                image.decision_reason.clear();
            }
            return Ok(v1::ImportImageResponse { image: Some(image) });
        }
        let record = Image {
            name,
            digest,
            display_name,
            organization: call.principal.organization.clone(),
            state: ImageState::Imported,
            archive_sha256,
            decision_reason: String::new(),
            decider: String::new(),
        };
        let event = call.event(
            &record.name,
            [
                ("archive_sha256", json!(record.archive_sha256)),
                ("size_bytes", json!(image.size_bytes)),
            ],
        );
        let change = Change::new(event).insert(&record)?;
        let answer = v1::ImportImageResponse {
            image: Some(convert::image(&call.inserted(record))),
        };
        call.commit(change, answer).await
    }

    fn decide_image(
        call: &Call,
        mut image: Stored<Image>,
        event: ImageEvent,
        reason: &str,
    ) -> Result<(Change, Stored<Image>)> {
        image.state = image.state.after(event)?;
        image.decision_reason = text("reason", reason, false, 2000)?;
        image.decider.clone_from(&call.principal.user);
        let logged = call.event(
            &image.name,
            [
                ("digest", json!(image.digest)),
                ("reason", json!(image.decision_reason)),
            ],
        );
        Ok((Change::new(logged).update(&image)?, image))
    }
}

#[tonic::async_trait]
impl ImageService for Services {
    async fn import_image(
        &self,
        request: Request<Streaming<v1::ImportImageRequest>>,
    ) -> Result<Response<v1::ImportImageResponse>, Status> {
        let call = self.0.enter("ImageService.ImportImage", &request).await?;
        Ok(Response::new(
            self.import(call, request.into_inner()).await?,
        ))
    }

    async fn get_image(
        &self,
        request: Request<v1::GetImageRequest>,
    ) -> Result<Response<v1::GetImageResponse>, Status> {
        let mut call = self.0.enter("ImageService.GetImage", &request).await?;
        let image = call.fetch::<Image>(&request.get_ref().name).await?;
        call.authorize(image.resource()).await?;
        Ok(Response::new(v1::GetImageResponse {
            image: Some(convert::image(&image)),
        }))
    }

    async fn list_images(
        &self,
        request: Request<v1::ListImagesRequest>,
    ) -> Result<Response<v1::ListImagesResponse>, Status> {
        let mut call = self.0.enter("ImageService.ListImages", &request).await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let (mut found, next_page_token) = self
            .page::<Image>(&Filter::default(), message.page_size, &message.page_token)
            .await?;
        if call.principal.kind == OrganizationKind::Developer {
            found.retain(|image| call.may("ImageService.GetImage", image.resource()));
        }
        Ok(Response::new(v1::ListImagesResponse {
            images: found.iter().map(convert::image).collect(),
            next_page_token,
        }))
    }

    async fn approve_image(
        &self,
        request: Request<v1::ApproveImageRequest>,
    ) -> Result<Response<v1::ApproveImageResponse>, Status> {
        let mut call = self.0.enter("ImageService.ApproveImage", &request).await?;
        let message = request.into_inner();
        let image = call.fetch::<Image>(&message.name).await?;
        call.authorize(image.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let (change, image) =
            Self::decide_image(&call, image, ImageEvent::Approve, &message.reason)?;
        let answer = v1::ApproveImageResponse {
            image: Some(convert::image(&image)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn revoke_image(
        &self,
        request: Request<v1::RevokeImageRequest>,
    ) -> Result<Response<v1::RevokeImageResponse>, Status> {
        let mut call = self.0.enter("ImageService.RevokeImage", &request).await?;
        let message = request.into_inner();
        let image = call.fetch::<Image>(&message.name).await?;
        call.authorize(image.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        required_reason(&message.reason)?;
        let (change, image) =
            Self::decide_image(&call, image, ImageEvent::Revoke, &message.reason)?;
        let answer = v1::RevokeImageResponse {
            image: Some(convert::image(&image)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }
}
