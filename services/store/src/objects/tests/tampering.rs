//! What whoever holds the disk may try.

use super::*;

#[tokio::test]
async fn nothing_readable_lies_on_the_disk() {
    let (folder, objects) = objects();
    let bytes = bytes(3 * MIB);
    write(&objects, PLACE, &bytes).await;
    let found = files(folder.path());
    assert_eq!(found.len(), 2);
    let mut stored = 0;
    for path in found {
        let raw = std::fs::read(&path).unwrap();
        stored += raw.len();
        for mark in [
            b"marriage".as_slice(),
            b"IIN 900101300123",
            &bytes[MIB..MIB + 16],
        ] {
            assert!(
                !raw.windows(mark.len()).any(|window| window == mark),
                "{}",
                path.display()
            );
        }
        assert!(
            !path.to_string_lossy().contains("births"),
            "{}",
            path.display()
        );
    }
    assert_eq!(
        stored,
        3 * MIB + 2 * format::HEADER_LEN + 4 * format::TAG_LEN
    );
}

#[tokio::test]
async fn a_flipped_bit_is_found_wherever_it_is() {
    let (folder, objects) = objects();
    let record = write(&objects, PLACE, &bytes(2 * MIB + 100)).await;
    for (segment, at, chunk) in [
        (0, 0, 0),
        (0, 20, 0),
        (0, 40, 0),
        (0, 40 + MIB + 15, 0),
        (0, 40 + MIB + 16, 1),
        (1, 45, 2),
        (1, 155, 2),
    ] {
        let path = file(&folder, &record, segment);
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        std::fs::write(&path, bad).unwrap();
        match read(&objects, &record).await {
            Err(ObjectError::Tampered { chunk: found, .. }) => assert_eq!(found, chunk),
            other => panic!(
                "byte {at} of segment {segment}: {:?}",
                other.map(|bytes| bytes.len())
            ),
        }
        std::fs::write(&path, good).unwrap();
    }
    read(&objects, &record).await.unwrap();
}

#[tokio::test]
async fn an_object_that_was_cut_off_is_found() {
    let (folder, objects) = objects();
    let record = write(&objects, PLACE, &bytes(4 * MIB)).await;
    for (segment, length, chunk) in [
        (2, 55, 4),
        (2, 40, 4),
        (1, 40 + MIB + 16, 3),
        (0, 10, 0),
        (0, 0, 0),
    ] {
        let path = file(&folder, &record, segment);
        let good = std::fs::read(&path).unwrap();
        std::fs::write(&path, &good[..length]).unwrap();
        match read(&objects, &record).await {
            Err(ObjectError::Truncated { chunk: found, .. }) => assert_eq!(found, chunk),
            other => panic!("segment {segment}: {:?}", other.map(|bytes| bytes.len())),
        }
        std::fs::write(&path, good).unwrap();
    }
    std::fs::remove_file(file(&folder, &record, 2)).unwrap();
    let error = read(&objects, &record).await.unwrap_err();
    assert!(
        matches!(error, ObjectError::Missing { segment: 2, .. }),
        "{error}"
    );

    // Whoever can also write to the database shortens the record to fit: the last chunk is then not a last one.
    for bytes in [MIB as u64, 2 * MIB as u64, 3 * MIB as u64, 0] {
        let shorter = ObjectRecord {
            bytes,
            ..record.clone()
        };
        assert!(read(&objects, &shorter).await.is_err(), "{bytes} bytes");
    }
}

#[tokio::test]
async fn reordered_chunks_and_segments_are_found() {
    let (folder, objects) = objects();
    let record = write(&objects, PLACE, &bytes(6 * MIB)).await;
    let (zero, one) = (file(&folder, &record, 0), file(&folder, &record, 1));
    let good = (std::fs::read(&zero).unwrap(), std::fs::read(&one).unwrap());
    std::fs::write(&zero, &good.1).unwrap();
    std::fs::write(&one, &good.0).unwrap();
    let error = read(&objects, &record).await.unwrap_err();
    assert!(
        matches!(error, ObjectError::Tampered { chunk: 0, .. }),
        "{error}"
    );

    let (full, head) = (MIB + format::TAG_LEN, format::HEADER_LEN);
    let swapped = [
        &good.0[..head],
        &good.0[head + full..],
        &good.0[head..head + full],
    ]
    .concat();
    std::fs::write(&zero, swapped).unwrap();
    std::fs::write(&one, &good.1).unwrap();
    let error = read(&objects, &record).await.unwrap_err();
    assert!(
        matches!(error, ObjectError::Tampered { chunk: 0, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn objects_cannot_be_swapped_between_places() {
    let (folder, objects) = objects();
    let bytes = bytes(100);
    let mine = write(&objects, "organizations/a/object", &bytes).await;
    let yours = write(&objects, "organizations/b/object", &bytes).await;
    std::fs::copy(file(&folder, &yours, 0), file(&folder, &mine, 0)).unwrap();
    assert!(matches!(
        read(&objects, &mine).await,
        Err(ObjectError::Tampered { .. })
    ));

    // The row of one is given the files and the key of the other.
    let forged = ObjectRecord {
        place: mine.place.clone(),
        ..yours.clone()
    };
    assert!(matches!(
        read(&objects, &forged).await,
        Err(ObjectError::Key(KeyringError::Damaged(_)))
    ));
    let forged = ObjectRecord {
        id: mine.id.clone(),
        ..yours.clone()
    };
    assert!(matches!(
        read(&objects, &forged).await,
        Err(ObjectError::Key(KeyringError::Damaged(_)))
    ));
}

#[tokio::test]
async fn a_resume_over_changed_bytes_is_refused() {
    let (folder, objects) = objects();
    let mut writer = objects.create(PLACE).await.unwrap();
    let record = writer.record().clone();
    writer.write(&bytes(6 * MIB)).await.unwrap();
    writer.finish().await.unwrap();
    let path = file(&folder, &record, 1);
    let mut raw = std::fs::read(&path).unwrap();
    raw[100] ^= 1;
    std::fs::write(path, raw).unwrap();
    let error = objects.resume(&record, 3).await.unwrap_err();
    assert!(
        matches!(error, ObjectError::Tampered { chunk: 2, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_segment_that_is_written_again_has_another_key() {
    let (folder, objects) = objects();
    let mut writer = objects.create(PLACE).await.unwrap();
    let record = writer.record().clone();
    writer.write(b"the same bytes").await.unwrap();
    writer.finish().await.unwrap();
    let first = std::fs::read(file(&folder, &record, 0)).unwrap();
    let mut writer = objects.resume(&record, 0).await.unwrap();
    writer.write(b"the same bytes").await.unwrap();
    writer.finish().await.unwrap();
    let second = std::fs::read(file(&folder, &record, 0)).unwrap();
    assert_eq!(first.len(), second.len());
    assert_ne!(first[format::HEADER_LEN..], second[format::HEADER_LEN..]);
}
