//! Images come from archives.

use crate::support;
use crate::support::Bench;
use futures::StreamExt;
use sandyq_sandbox::CauseOfDeath;
use sandyq_sandbox::Engine;
use sandyq_sandbox::EngineError;

#[tokio::test(flavor = "multi_thread")]
async fn images_come_from_archives_and_are_named_by_digest() {
    let bench = Bench::new().await;
    let archive = support::archive(&bench.mark("import"), "[\"A=1\"]", "null");
    let images = bench.import(archive.clone()).await.unwrap();
    assert_eq!(images.len(), 1);
    assert!(bench.engine.image_exists(&images[0].digest).await.unwrap());
    assert!(images[0].size_bytes > 0 && images[0].refusal.is_none());
    assert_eq!(
        bench.import(archive).await.unwrap(),
        images,
        "importing twice is the same"
    );

    let saved = bench.save(&images[0].digest).await;
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    assert!(!bench.engine.image_exists(&images[0].digest).await.unwrap());
    assert_eq!(
        bench.import(saved).await.unwrap()[0].digest,
        images[0].digest,
        "what `docker save` wrote"
    );
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    let spec = bench.job("true").with_image(&images[0].digest).spec();
    let error = bench.engine.create(&spec).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::ImageMissing { image } if *image == images[0].digest),
        "{error:?}"
    );
    assert!(matches!(error.cause(), CauseOfDeath::ImageRefused(_)));

    for bad in [b"no archive at all".to_vec(), Vec::new(), vec![0; 10_240]] {
        let error = bench.import(bad).await.unwrap_err();
        assert!(matches!(error, EngineError::Archive { .. }), "{error:?}");
    }
    let cut = futures::stream::iter([
        Ok(vec![1; 5000].into()),
        Err(std::io::Error::other("the client went away")),
    ]);
    let error = bench.engine.import_image(cut.boxed()).await.unwrap_err();
    assert!(
        error.to_string().contains("the client went away"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_somebody_removed_after_it_was_known_is_missed() {
    let bench = Bench::new().await;
    let archive = support::archive(&bench.mark("removed"), "[]", "null");
    let image = bench.import(archive).await.unwrap().remove(0).digest;
    let spec = bench.job("true").with_image(&image).spec();
    bench.engine.create(&spec).await.unwrap();
    bench.engine.remove(spec.id()).await.unwrap();
    let by_hand = std::process::Command::new("docker")
        .args(["image", "rm", "--force", image.as_str()])
        .output()
        .unwrap();
    assert!(by_hand.status.success(), "{by_hand:?}");
    for _ in 0..2 {
        let error = bench.engine.create(&spec).await.unwrap_err();
        assert!(
            matches!(&error, EngineError::ImageMissing { image: missing } if *missing == image),
            "{error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_with_volumes_is_refused() {
    let bench = Bench::new().await;
    let archive = support::archive(&bench.mark("volumes"), "[]", "{\"/free\":{}}");
    let images = bench.import(archive).await.unwrap();
    assert!(images[0].refusal.as_ref().unwrap().contains("/free"));
    let spec = bench.job("true").with_image(&images[0].digest).spec();
    let error = bench.engine.create(&spec).await.unwrap_err();
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    assert!(
        matches!(error, EngineError::ImageUnsafe { .. }),
        "{error:?}"
    );
}
